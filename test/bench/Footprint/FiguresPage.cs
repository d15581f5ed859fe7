using System.Globalization;
using Sluice.Bench.Beside;

namespace Sluice.Bench.Footprint;

/// <summary>Everything of the footprint in one run, to the terminal and into a page of the documents.</summary>
internal static class FiguresPage
{
    private const string Head = """
        # Figures

        Written by `make bench-footprint`; whoever runs it gets his own. Agent, broker, MES and server share one
        machine, so what is said of the agent alone is an upper bound, and what stands beside a peer is the better
        measure. The other benches print more: `make bench-buffer`, `make bench-modbus`, `make bench-uplink`.

        A start is from exec to the first reading that the broker has acknowledged, by the agent's own status and one
        monotonic clock, with an empty buffer. In the virtual gateway that is the guest's clock; its ARM64 processors
        are emulated by this machine, so a real gateway is quicker. Where the load was higher than the cores are
        many, other work went on: times are longer then, and ratios are rough.


        """;

    public static async Task WriteAsync(
        string agent,
        string gatewayTests,
        string page,
        TextWriter terminal,
        TimeProvider clock,
        CancellationToken cancel)
    {
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(
            line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
        await text.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{clock.GetUtcNow():yyyy-MM-dd}, {Environment.ProcessorCount} cores ({processor}), Linux "
            + $"{Environment.OSVersion.Version.ToString(2)}, load before: {Load()}\n"));
        await AgentFootprint.PrintAsync(agent, gatewayTests, text, clock, cancel);
        await BesidePeers.PrintAsync(agent, text, clock, cancel);
        await text.WriteLineAsync($"\nload after: {Load()}");
        await terminal.WriteAsync(text.ToString());
        await File.WriteAllTextAsync(page, $"{Head}```\n{text}```\n", cancel);
    }

    private static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);
}
