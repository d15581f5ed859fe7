namespace Sluice.Bench.Uplink;

/// <summary>
/// The published agent against a mosquitto with mutual TLS, beside MQTTnet with nothing around it sending the same
/// bytes in the same run.
/// </summary>
internal static class UplinkBench
{
    private const string Method = """
        sluice-agent (NativeAOT) -> mosquitto, mutual TLS 1.3, QoS 1 -> one subscriber at QoS 1, all on the loopback
        of this machine: the three share its cores. Messages of at most 500 readings, 16 in flight; publish.rateMax
        1 GiB/s where nothing else is said. Sources are simulated and report every reading.
        The limit: MQTTnet alone, compiled as the agent is, in a process of its own; it sends the agent's own
        payloads from memory over the same TLS, 16 in flight, to the same broker and subscriber.
        CPU: user and system time of each process as the kernel counts it, by readings acknowledged; of a backlog
        since the agent started. Sent: what the kernel counts of the publisher's TCP payload, TLS, MQTT and all other
        messages in it, without the headers of TCP and IP.
        A backlog: 50 signals with two decimals, stored before the agent starts. commitEvery is 50 ms there; the live
        readings are those that came and arrived while it drained. From source timestamp to arrival lies a commit: it
        comes commitEvery after the oldest reading that is not durable yet, or when 8,000 wait.
        """;

    public static async Task PrintAsync(
        string agent, string program, TextWriter output, TimeProvider clock, CancellationToken cancel)
    {
        output.WriteLine(Method);
        PrintLoad(output, "before", clock);
        await using var rig = await UplinkRig.StartAsync(clock, cancel);
        var bare = new BareRun(program, rig, clock);
        var drains = new Drains(agent, bare, rig);
        await drains.RunAsync(cancel);
        drains.Print(output);
        await new LiveRuns(agent, bare, rig, clock).PrintAsync(output, cancel);
        PrintLoad(output, "after", clock);
    }

    /// <summary>Figures of a machine that others use are worth nothing: whoever reads them can see it.</summary>
    private static void PrintLoad(TextWriter output, string when, TimeProvider clock) => output.WriteLine(
        $"{clock.GetUtcNow():yyyy-MM-dd HH:mm}Z, {Environment.ProcessorCount} cores, load {when}: "
        + string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]));
}
