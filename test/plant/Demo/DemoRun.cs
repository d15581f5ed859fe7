using System.Globalization;
using System.Runtime.InteropServices;
using Sluice.Mes;
using Sluice.Mes.Streams;

namespace Sluice.Plant.Demo;

/// <summary>
/// The demo from start to verdict. One loop draws, takes keys and follows the script; nothing else writes to the
/// screen.
/// </summary>
public sealed class DemoRun(DemoOptions options, TimeProvider clock)
{
    private const int EventsMax = 50;
    private static readonly TimeSpan FrameEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan CutFor = TimeSpan.FromSeconds(5);

    // The gateway writes a ledger at least every five seconds while positions move (WIRE.md); twice that, and some.
    private static readonly TimeSpan ProofBound = TimeSpan.FromSeconds(12);

    private readonly List<string> events = [];
    private readonly long started = clock.GetTimestamp();
    private TimeSpan? brokerBackAt;
    private bool scriptedCutDone;
    private bool catchingUp;
    private bool plcSilent;
    private long historicalBeforeCut;
    private long nextBeforeCut;
    private long birthsBeforeCut;

    /// <summary>0 when all arrived, 1 when something was lost or did not start.</summary>
    public static async Task<int> RunAsync(DemoOptions options, TimeProvider clock)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        return await new DemoRun(options, clock).RunAsync(stop.Token).ConfigureAwait(false);
    }

    private async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine("Making keys, machines, a broker, an agent and an MES ...");
        try
        {
            await using var box = await PlantInABox.StartAsync(options.Agent, clock, cancellationToken)
                .ConfigureAwait(false);
            return await ShowAsync(box, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 1;
        }
        catch (IOException exception)
        {
            await Console.Error.WriteLineAsync($"The demo did not start: {exception.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    private async Task<int> ShowAsync(PlantInABox box, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> picture;
        DemoVerdict verdict;
        using (var screen = new DemoScreen(options.Plain))
        {
            Say(screen, "readings arrive over TLS 1.3, with certificates made just now");
            await LoopAsync(box, screen, cancellationToken).ConfigureAwait(false);
            await MendAsync(box).ConfigureAwait(false);
            verdict = await ProveAsync(box, screen).ConfigureAwait(false);
            picture = LiveTable.Draw(await LookAsync(box).ConfigureAwait(false), 80, 24, colours: false);
        }

        if (options.Picture is { } file)
        {
            var text = File.Exists(file)
                ? await File.ReadAllTextAsync(file, CancellationToken.None).ConfigureAwait(false)
                : "";
            await File.WriteAllTextAsync(file, DemoPicture.Into(text, picture), CancellationToken.None)
                .ConfigureAwait(false);
        }

        // Ctrl-C without a terminal reaches the agent as well: then it ends because it was told to.
        var agentEnded = box.Agent!.HasExited && !cancellationToken.IsCancellationRequested;
        foreach (var line in verdict.Lines())
        {
            Console.WriteLine(line);
        }

        if (agentEnded)
        {
            Console.WriteLine("The agent ended by itself. It said last:");
            Console.WriteLine(string.Join('\n', box.Agent.Log.TakeLast(20)));
        }

        return verdict.IsGood && !agentEnded ? 0 : 1;
    }

    private async Task LoopAsync(PlantInABox box, DemoScreen screen, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && !box.Agent!.HasExited && !IsOver())
        {
            switch (screen.Key())
            {
                case 'q' or DemoScreen.ControlC:
                    return;
                case 'b':
                    Cut(box, screen);
                    break;
                case 'p':
                    SilencePlc(box, screen, !plcSilent);
                    break;
                default:
                    break;
            }

            await FollowScriptAsync(box, screen).ConfigureAwait(false);
            screen.Show(await LookAsync(box).ConfigureAwait(false));
            await Task.Delay(FrameEvery, clock, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // The proof takes a ledger that was written after the end: time for it is kept free.
    private bool IsOver() => options.Length is { } length && Running >= length - TimeSpan.FromSeconds(4);

    private TimeSpan Running => clock.GetElapsedTime(started);

    private async Task FollowScriptAsync(PlantInABox box, DemoScreen screen)
    {
        if (options.Length is { } length && !scriptedCutDone && Running >= length * 0.35)
        {
            scriptedCutDone = true;
            Cut(box, screen);
        }

        if (brokerBackAt is { } at && Running >= at)
        {
            brokerBackAt = null;
            catchingUp = true;
            await box.Broker.MendGatewaysAsync(CancellationToken.None).ConfigureAwait(false);
            Say(screen, "the cable is whole again");
        }

        if (catchingUp && box.Mes!.Read(IsCaughtUp))
        {
            catchingUp = false;
            var historical = box.Mes.Read(ledger => ledger.Gateway(PlantInABox.GatewayId).Historical);
            Say(screen, $"caught up: {historical - historicalBeforeCut} readings came as history, no gap");
        }
    }

    private bool IsCaughtUp(StreamLedger ledger)
    {
        var stream = ledger.Gateway(PlantInABox.GatewayId);
        return stream.Historical > historicalBeforeCut && Next(ledger) > nextBeforeCut && stream.OpenGaps == 0;
    }

    private void Cut(PlantInABox box, DemoScreen screen)
    {
        if (box.Broker.GatewaysCut)
        {
            return;
        }

        (historicalBeforeCut, nextBeforeCut, birthsBeforeCut) = box.Mes!.Read(ledger => (
            ledger.Gateway(PlantInABox.GatewayId).Historical,
            Next(ledger),
            ledger.Gateway(PlantInABox.GatewayId).Births));
        var length = options.Length is { } whole && whole * 0.2 < CutFor ? whole * 0.2 : CutFor;
        box.Broker.CutGateways();
        brokerBackAt = Running + length;
        Say(screen, $"the cable to the broker is cut for {length.TotalSeconds:0} s; the agent reads on");
    }

    private void SilencePlc(PlantInABox box, DemoScreen screen, bool silent)
    {
        plcSilent = silent;
        box.Cell.Plc.Silent = silent;
        Say(screen, silent
            ? "the PLC is silent: its signals turn Bad instead of standing still"
            : "the PLC answers again");
    }

    /// <summary>Whatever was cut is whole again, so that what waits can arrive.</summary>
    private async Task MendAsync(PlantInABox box)
    {
        box.Cell.Plc.Silent = plcSilent = false;
        await box.Broker.MendGatewaysAsync(CancellationToken.None).ConfigureAwait(false);

        brokerBackAt = null;
    }

    /// <summary>
    /// Waits for a ledger that is younger than the end, and until all below its next is there; judges in that moment,
    /// because the next ledger already names readings that are on their way.
    /// </summary>
    private async Task<DemoVerdict> ProveAsync(PlantInABox box, DemoScreen screen)
    {
        var next = box.Mes!.Read(Next);
        var end = Running + ProofBound;
        while (true)
        {
            var late = Running >= end || box.Agent!.HasExited;
            var verdict = box.Mes.Read(ledger =>
                late || (Next(ledger) > next && ledger.Gateway(PlantInABox.GatewayId).OpenGaps == 0)
                    ? DemoVerdict.Of(
                        ledger, PlantInABox.GatewayId, box.Record, box.Cell.Record.Given, box.Broker.Dropped)
                    : null);
            screen.Show(await LookAsync(box).ConfigureAwait(false));
            if (verdict is not null)
            {
                return verdict;
            }

            await Task.Delay(FrameEvery, clock, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static long Next(StreamLedger ledger) =>
        ledger.Gateway(PlantInABox.GatewayId).Ledger?.Stores.Sum(store => store.Next) ?? 0;

    private async Task<DemoView> LookAsync(PlantInABox box)
    {
        var (view, births) = box.Mes!.Read(ledger => (
            DemoView.Of(
                ledger, PlantInABox.GatewayId, clock.GetUtcNow(), Running, !box.Broker.GatewaysCut, !plcSilent),
            ledger.Gateway(PlantInABox.GatewayId).Births));
        view = view with { Events = [.. events] };
        if (births > birthsBeforeCut)
        {
            return view;
        }

        // What the MES saw last is not the present any more; how much waits, only the gateway itself can say.
        var waiting = await box.AskWaitingAsync(clock, CancellationToken.None).ConfigureAwait(false);
        return view with
        {
            Link = box.Broker.GatewaysCut ? "no broker" : "connecting again",
            Waiting = waiting ?? view.Waiting,
        };
    }

    private void Say(DemoScreen screen, string sentence)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{Running:hh\\:mm\\:ss}  {sentence}");
        events.Add(line);
        if (events.Count > EventsMax)
        {
            events.RemoveAt(0);
        }

        screen.Say(line);
    }
}
