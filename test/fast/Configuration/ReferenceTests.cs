using Sluice.Agent.Configuration.Schema;
using Xunit;

namespace Sluice.Fast.Configuration;

/// <summary>docs/configuration.md holds what the schema says, word for word.</summary>
public sealed class ReferenceTests
{
    [Theory]
    [InlineData("keys")]
    [InlineData("columns")]
    public void The_reference_says_what_the_schema_says(string part)
    {
        var document = File.ReadAllText(Repository.File("docs/configuration.md"));
        var begin = document.IndexOf('\n', document.IndexOf($"<!-- {part}:", StringComparison.Ordinal)) + 1;
        var written = document[begin..document.IndexOf("<!-- end -->", begin, StringComparison.Ordinal)];
        var expected = string.Concat((part == "keys" ? Keys() : Columns()).Select(line => line + "\n"));

        Assert.True(written == expected, $"put this between the marks in docs/configuration.md:\n{expected}");
    }

    private static IEnumerable<string> Keys()
    {
        var sources = (NamedShape)GatewaySchema.Root.Keys.Single(key => key.Name == "sources").Shape;
        return
        [
            "| key | value | default | |",
            "|---|---|---|---|",
            .. Rows(GatewaySchema.Root, ""),
            .. sources.Kinds.SelectMany(kind => (string[])
            [
                "",
                $"### A source of kind {kind.Key}",
                "",
                "| key | value | default | |",
                "|---|---|---|---|",
                .. Rows(kind.Value, ""),
            ]),
        ];
    }

    private static IEnumerable<string> Rows(ObjectShape shape, string path) =>
        shape.Keys.Where(key => key.NotBuilt is null).SelectMany(key => key.Shape switch
        {
            // One that may be left out as a whole says so, or what it requires would seem to be required of everybody.
            ObjectShape inner when !key.Required && key.Default is null =>
                Rows(inner, $"{path}{key.Name}.").Prepend(Row(key, path, "`{ … }`")),
            ObjectShape inner => Rows(inner, $"{path}{key.Name}."),
            ListShape { Item: ObjectShape item } =>
                Rows(item, $"{path}{key.Name}[].").Prepend(Row(key, path, "`[ { … }, … ]`")),
            _ => [Row(key, path, Cell(key.Shape))],
        });

    private static string Row(Key key, string path, string cell) =>
        $"| `{path}{key.Name}` | {cell} | {Default(key)} | {key.Sentence} |";

    private static string Default(Key key) =>
        key.Required ? "**required**" : key.Default is null ? "" : $"`{key.Default}`";

    private static IEnumerable<string> Columns() =>
    [
        "| column | value | empty means | |",
        "|---|---|---|---|",
        .. SignalListSchema.Columns
            .Where(column => GatewaySchema.SourceKinds.Any(column.IsFor))
            .Select(column => $"| `{column.Name}` | {Cell(column.Shape)} | "
                + $"{(column.Required ? "**required**" : column.Default)} | {column.Sentence} |"),
    ];

    private static string Cell(Shape shape) => shape is NamedShape ? "`{ NAME: { … }, … }`" : shape.Wanted;
}
