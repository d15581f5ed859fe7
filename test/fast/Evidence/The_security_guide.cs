using System.Text.RegularExpressions;
using Sluice.Evidence;
using Sluice.Fast.Repository;
using Xunit;

namespace Sluice.Fast.Evidence;

/// <summary>The table of the security officer's guide cannot rot: what it names is there, and it says what it has to.
/// </summary>
public sealed class The_security_guide
{
    /// <summary>What an officer will look for, and nothing may be passed over in silence.</summary>
    private static readonly string[] Ids =
    [
        "CR 1.2", "CR 1.5", "CR 1.8", "CR 1.9", "CR 1.11", "CR 2.1", "CR 2.8", "CR 2.9", "CR 2.10", "CR 2.11",
        "CR 2.12", "CR 3.1", "CR 3.4", "CR 3.9", "CR 4.1", "CR 4.2", "CR 4.3", "CR 5.1", "CR 6.1", "CR 6.2",
        "CR 7.1", "CR 7.2", "CR 7.3", "CR 7.4", "CR 7.6", "CR 7.7", "CR 7.8", "EDR 2.13", "EDR 3.10", "EDR 3.12",
        "EDR 3.13", "EDR 3.14", "CRA annex I: secure by default", "CRA annex I: minimal surface",
        "CRA annex I: protected data", "CRA annex I: updates", "CRA annex I: component list",
    ];

    private static SecurityGuide Guide { get; } = SecurityGuide.Read(
        RepositoryTree.Here.Files.Single(file => file.Path == SecurityGuide.File).Text);

    [Fact]
    public void Is_read_to_its_last_row()
    {
        Assert.Empty(Guide.Problems);
        Assert.True(Guide.Requirements.Count > 25, $"only {Guide.Requirements.Count} rows");
        Assert.NotEmpty(Guide.NotShown);
    }

    [Fact]
    public void Names_only_tests_that_are_there() => Assert.Empty(Missing(Guide, RepositoryTree.Here));

    [Fact]
    public void Speaks_of_each_requirement_that_is_asked_about()
    {
        var spokenOf = Guide.Requirements.Select(row => row.Ids).Concat(Guide.NotShown.Select(point => point.What))
            .SelectMany(ids => ids.Split(", ")).ToHashSet();
        Assert.All(Ids, id => Assert.Contains(id, spokenOf));
    }

    [Theory]
    [InlineData("`fast/Some_class.A_test_that_is_there`", 0)]
    [InlineData("`fast/Some_class.A_test_that_was_renamed`", 1)]
    [InlineData("`fast/Another_class.A_test_that_is_there`", 1)]
    [InlineData("`field/Some_class.A_test_that_is_there`", 1)]
    [InlineData("`fast/Some_class.Not_a_test`", 1)]
    [InlineData("`zones/In_zones.A_test_of_the_zones`", 0)]
    [InlineData("`field/In_zones.A_test_of_the_zones`", 1)]
    public void A_name_of_nothing_is_found(string name, int missing)
    {
        var tree = RepositoryTree.Of(
            ("test/fast/Some/Some_class.cs", """
                public sealed class Some_class
                {
                    [Fact]
                    public async Task A_test_that_is_there() => await Task.Yield();

                    public void Not_a_test()
                    {
                    }
                }
                """),
            ("test/field/zones/In_zones.cs",
                "public sealed class In_zones { [Fact] public void A_test_of_the_zones() { } }"));
        Assert.Equal(missing, Missing(SecurityGuide.Read(Table($"| CR 1 | does | {name} |")), tree).Count());
    }

    [Theory]
    [InlineData("| CR 1 | does | Some_class.Without_a_suite |", "is no test")]
    [InlineData("| CR 1 | does | `fast/A.B` and more |", "'and more'")]
    [InlineData("| CR 1 | does |  |", "is no test")]
    [InlineData("| CR 1 | does | `gateway/A.B` |", "no suite gateway")]
    [InlineData("| CR 1 | does \\| has | `fast/A.B` | x |", "not 3 columns")]
    public void A_row_that_cannot_be_read_is_told(string row, string told) => Assert.Contains(
        SecurityGuide.Read(Table(row)).Problems, problem => problem.Contains(told, StringComparison.Ordinal));

    [Fact]
    public void A_guide_without_its_table_is_told() =>
        Assert.Contains("no table", Assert.Single(SecurityGuide.Read("# A guide\n").Problems));

    internal static string Table(params string[] rows) => $"""
        # A guide

        ## Requirements and what shows them

        | requirement | what does it | shown by |
        |---|---|---|
        {string.Join('\n', rows)}

        ## What is not shown

        | requirement | why |
        |---|---|
        | CR 9.9 | nobody did it |

        """;

    private static IEnumerable<string> Missing(SecurityGuide guide, RepositoryTree tree) =>
        from test in guide.Tests
        where !tree.Files.Any(file => IsIn(test.Suite, file) && Has(file.Text, test))
        select $"{test} is nowhere";

    private static bool IsIn(string suite, TreeFile file) => file.IsCSharp && (suite, file) switch
    {
        ("fast", _) => file.IsUnder("test/fast"),
        ("zones", _) => file.IsUnder("test/field/zones"),
        ("field", _) => file.IsUnder("test/field") && !file.IsUnder("test/field/zones", "test/field/Day"),
        _ => false,
    };

    private static bool Has(string text, NamedTest test) =>
        Regex.IsMatch(text, $@"\bclass {test.Class}\b") && Regex.IsMatch(
            CSharpText.Mask(text), $@"\[(?:Fact|Theory)\b[^{{;]*?\b(?:void|Task|ValueTask)\s+{test.Method}\s*\(");
}
