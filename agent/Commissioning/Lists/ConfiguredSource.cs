using Sluice.Agent.Configuration;

namespace Sluice.Agent.Commissioning.Lists;

/// <summary>A source of a configuration that can run, and what stands in the file of it but not in its settings.
/// </summary>
/// <param name="ConfigurationFile">gateway.json, as the person named it.</param>
/// <param name="Files">The bytes that were read.</param>
/// <param name="Settings">The source.</param>
/// <param name="ListName">Its signal list, as gateway.json names it.</param>
/// <param name="IsWeintek">Whether LW, LB and RW may be written.</param>
internal sealed record ConfiguredSource(
    string ConfigurationFile, ConfigurationFiles Files, SourceSettings Settings, string ListName, bool IsWeintek)
{
    /// <summary>The unit that the source asks where its list names none.</summary>
    public byte UnitId { get; init; } = 1;

    public string ListPath => Beside(ListName);

    public ReadOnlyMemory<byte> List => ListOf(Files, ListName);

    public static IReadOnlyList<ConfiguredSource> All(string file, GatewayConfiguration configuration,
        ConfigurationFiles files)
    {
        var root = FileTree.Read(files.Gateway.Span, new ProblemList(file));
        return [.. from source in configuration.Sources
                   let node = root!.At("sources", source.Name)
                   select new ConfiguredSource(
                       file, files, source, node.Member("signals")!.Text, node.Member("profile")?.Text == "weintek")
                   {
                       UnitId = byte.TryParse(node.Member("unitId")?.Text, out var unit) ? unit : (byte)1,
                   }];
    }

    /// <summary>A file beside gateway.json.</summary>
    public string Beside(string name) => Path.Combine(Path.GetDirectoryName(ConfigurationFile) ?? "", name);

    /// <summary>The configuration as it would be with another list; its problems.</summary>
    public LoadResult WithList(byte[] list) => ConfigurationReader.Read(
        new ProblemList(ConfigurationFile),
        Files.Gateway.ToArray(),
        name => (name == ListName ? list : ListOf(Files, name).ToArray(), ""));

    private static ReadOnlyMemory<byte> ListOf(ConfigurationFiles files, string name) =>
        files.Lists.First(list => list.Key == name).Value;
}
