using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Field.Parts;

namespace Sluice.Field.Zones;

/// <summary>One run over all ways at once: what was tried, what came of it, and where that is not as it has to be.
/// </summary>
internal sealed class ZoneMatrix
{
    private const int FirstPort = 10_000;
    private const int PortsEachRun = 2_000;
    private const int RunsMax = 25;
    private const int ShownMax = 40;

    private readonly Dictionary<Way, Passage> seen;
    private readonly Layers layers;
    private readonly IReadOnlyList<string> strays;

    private ZoneMatrix(Dictionary<Way, Passage> seen, Layers layers, IReadOnlyList<string> strays)
    {
        this.seen = seen;
        this.layers = layers;
        this.strays = strays;
    }

    public int Ways => seen.Count;

    public int Open => seen.Values.Count(passage => passage == Passage.Open);

    public int Heard => seen.Values.Count(passage => passage == Passage.Heard);

    public int Shut => seen.Values.Count(passage => passage == Passage.Shut);

    /// <summary>Where it is not as it has to be, a sentence each.</summary>
    public IReadOnlyList<string> Faults =>
    [
        .. seen.Where(each => each.Value != ZonePolicy.Expected(each.Key, layers))
            .Select(each => $"{each.Key}: {each.Value}, and not {ZonePolicy.Expected(each.Key, layers)}"),
        .. strays,
    ];

    public Passage Of(string source, string target, string word) => seen.Single(each =>
        each.Key.Source.Name == source && each.Key.Target.Name == target && each.Key.Word == word).Value;

    /// <summary>The first faults, and how many there are.</summary>
    public string Account() => $"{Faults.Count} of {Ways} ways are not as they have to be:\n"
        + string.Join('\n', Faults.Take(ShownMax));

    /// <param name="lab">Where.</param>
    /// <param name="run">A number of its own for each run in one lab: every probe's port is used once.</param>
    /// <param name="layers">What stands.</param>
    public static async Task<ZoneMatrix> RunAsync(ZonesLab lab, int run, Layers layers)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(run, RunsMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ZonePolicy.Ways.Count, PortsEachRun);
        var first = FirstPort + (run * PortsEachRun);
        var ways = ZonePolicy.Ways.Select((way, index) => (way, port: first + index)).ToList();
        var answered = await Task.WhenAll(ways.GroupBy(each => each.way.Source)
            .Select(each => ProbeAsync(lab, each.Key, [.. each], run)));
        var arrived = await Task.WhenAll(ZonePolicy.Witnesses.Select(
            async host => (host, witness: await Witness.ReadAsync(lab, host))));

        var answers = answered.SelectMany(each => each).ToHashSet();
        var seen = new Dictionary<Way, Passage>();
        var strays = new List<string>();
        foreach (var (way, port) in ways)
        {
            var at = arrived.Where(each => each.witness.Has(way, port)).Select(each => each.host).ToList();
            seen[way] = way.Target.IsFirewall
                ? answers.Contains(port) ? Passage.Open : Passage.Shut
                : (at.Contains(way.Target.Host), answers.Contains(port)) switch
                {
                    (true, true) => Passage.Open,
                    (true, false) => Passage.Heard,
                    (false, false) => Passage.Shut,
                    _ => throw new InvalidOperationException($"{way}: answered, and the witness saw nothing"),
                };
            strays.AddRange(at
                .Where(host => host != way.Target.Host && !(host == "gateway" && way.Source.IsByWayOfTheGateway))
                .Select(host => $"{way}: it came to {host}"));
        }

        strays.AddRange(arrived.Where(each => each.witness.Other > 0)
            .Select(each => $"{each.host}: {each.witness.Other} packets of another kind arrived"));
        return new ZoneMatrix(seen, layers, strays);
    }

    /// <summary>Rows speak, columns are spoken to; in brackets what arrives and is not answered.</summary>
    public string Table()
    {
        var head = new List<string> { "from \\ to" };
        head.AddRange(ZonePolicy.Targets.Select(target => target.Name));
        List<List<string>> rows = [head];
        foreach (var source in ZonePolicy.Sources)
        {
            rows.Add([source.Name, .. ZonePolicy.Targets.Select(target => Cell(source, target))]);
        }

        var widths = Enumerable.Range(0, head.Count).Select(column => rows.Max(row => row[column].Length)).ToList();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.AppendJoin("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).AppendLine();
        }

        return text.Append(CultureInfo.InvariantCulture,
            $"{Ways} ways: {Open} open, {Heard} heard and not answered, {Shut} shut. all: every port that was tried")
            .ToString();
    }

    private string Cell(Source source, Target target)
    {
        var ways = seen.Where(each => each.Key.Source == source && each.Key.Target == target).ToList();
        if (ways.Count == 0)
        {
            return "";
        }

        if (ways.TrueForAll(each => each.Value == ways[0].Value))
        {
            return ways[0].Value switch { Passage.Open => "all", Passage.Heard => "(all)", _ => "-" };
        }

        var open = ways.Where(each => each.Value == Passage.Open).Select(each => each.Key.Word).ToList();
        var heard = ways.Where(each => each.Value == Passage.Heard).Select(each => each.Key.Word).ToList();
        return string.Join(
            ' ', new[] { Some(open), heard.Count > 0 ? $"({Some(heard)})" : "" }.Where(part => part.Length > 0));
    }

    private static string Some(List<string> words) =>
        words.Count <= 3 ? string.Join(' ', words) : $"{words.Count} ports";

    private static async Task<IReadOnlyList<int>> ProbeAsync(
        ZonesLab lab, Source source, IReadOnlyList<(Way Way, int Port)> ways, int run)
    {
        var file = lab.Directory.At($"{source.Name.Replace(' ', '-')}-{run}.probes");
        await File.WriteAllLinesAsync(file, ways.Select(each => string.Create(CultureInfo.InvariantCulture,
            $"{each.Port} {each.Way.Kind} {each.Way.Address} {each.Way.Port} {(source.IsByWayOfTheGateway ? 7 : 0)} "
            + $"{(source.FalseName.Length > 0 ? source.FalseName : "-")}")));
        await using var probe = lab.Probe(source, file);
        await probe.ExitAsync(FieldPlant.Later);
        return probe.ExitCode == 0
            ? [.. probe.Lines.Select(line => int.Parse(line, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException($"the probes of {source.Name} ended with {probe.ExitCode}: "
                + probe.Tail());
    }
}
