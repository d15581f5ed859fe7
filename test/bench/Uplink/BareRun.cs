using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;

namespace Sluice.Bench.Uplink;

/// <summary>What the bare publisher says of itself, and what was seen of it from outside.</summary>
internal sealed record BareFigures(IReadOnlyDictionary<string, double> Said, Spent Spent);

/// <summary>The bare publisher as a process of its own, compiled ahead of use as the agent is.</summary>
internal sealed class BareRun(string program, UplinkRig rig, TimeProvider clock)
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    /// <param name="payloads">What it sends.</param>
    /// <param name="encoding">none or gzip.</param>
    /// <param name="every">Zero: as fast as the window allows.</param>
    public async Task<BareFigures> PublishAsync(string payloads, string encoding, TimeSpan every)
    {
        rig.Receiver.Take();
        string[] arguments =
        [
            "publish", payloads, Number(every.TotalMilliseconds), Number(rig.Broker.Port), MosquittoBroker.Host,
            UplinkRig.GatewayId, $"sluice/v1/plant1/{UplinkRig.GatewayId}/data", encoding, rig.Bare.Certificate,
            rig.Bare.Key, rig.Broker.Files.Authority,
        ];
        var before = Spent.Others(rig, clock);
        await using var child = ChildProcess.Start(program, arguments);
        await child.SaysAsync("done=1", Bound);
        var said = Read(child.Lines);
        var after = await Spent.NowAsync(child.Id, rig, clock);
        await Eventually.HoldsAsync(
            () => rig.Receiver.Count >= said["messages"] - said["refused"], Bound,
            () => $"{rig.Receiver.Count} of {said["messages"]} messages arrived");
        var elapsed = TimeSpan.FromSeconds(said["seconds"]);
        return new BareFigures(said, Spent.Since(before, after) with
        {
            Elapsed = elapsed, Publisher = TimeSpan.FromSeconds(said["cpu"]), WireBytes = after.WireBytes,
        });
    }

    public async Task<IReadOnlyDictionary<string, double>> GzipAsync(string payloads)
    {
        await using var child = ChildProcess.Start(program, ["gzip", payloads]);
        await child.SaysAsync("done=1", Bound);
        return Read(child.Lines);
    }

    private static Dictionary<string, double> Read(IReadOnlyList<string> lines) => lines
        .Select(line => line.Split('='))
        .Where(parts => parts.Length == 2)
        .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);
}
