using System.Buffers.Binary;
using System.Globalization;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Faults;

/// <summary>
/// Plays one case against the source that its transport opens. Whatever the case expects, three things are always
/// demanded: no value but the device's own is ever Good, no read lasts longer than its bound, and once the device
/// behaves again, every signal becomes Good.
/// </summary>
internal sealed class FaultRun : IAsyncDisposable
{
    private static readonly string[] OutsideReads = ["read", "count", "never", "refuse", "listen"];

    /// <summary>A read that hangs never ends; on a busy machine one was seen to take two seconds.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(6);

    private readonly FaultCase fault;
    private readonly FaultTransport transport;
    private readonly IScriptedDevice device;
    private readonly ModbusResponder responder = new(new ModbusMap());
    private readonly ISignalSource source;
    private readonly List<ushort> transactions = [];
    private readonly CancellationTokenSource stop =
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    private readonly List<byte[]> rights = [];

    public FaultRun(FaultCase fault, FaultTransport transport)
    {
        this.fault = fault;
        this.transport = transport;
        stop.CancelAfter(TimeSpan.FromSeconds(20));
        foreach (var each in fault.Signals)
        {
            Fill(responder.Map, each);
        }

        device = transport.Device;
        source = transport.Open(fault);
    }

    public async Task PlayAsync()
    {
        for (var at = 0; at < fault.Steps.Count;)
        {
            var step = fault.Steps[at];
            if (step.Word is "refuse" or "listen")
            {
                await ActAsync(step);
                at++;
                continue;
            }

            if (step.Word is "count" or "never")
            {
                at++;
                continue;
            }

            Assert.True(step.Word == "read", $"{fault.Name}:{step.Line}: '{step.Word}' stands outside a read");
            var end = fault.Steps.FindIndex(at + 1, each => OutsideReads.Contains(each.Word));
            end = end < 0 ? fault.Steps.Count : end;
            await PlayReadAsync(step, fault.Steps[(at + 1)..end]);
            at = end;
        }
    }

    /// <summary>The device answers rightly from now on: every signal must become Good.</summary>
    public async Task RecoverAsync()
    {
        if (fault.Steps.Exists(each => each.Word == "never"))
        {
            await NeverSpeakAsync();
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var answering = AnswerRightlyAsync(over.Token);
        var last = await Signals.ReadUntilAsync(source, readings =>
        {
            CheckValues(readings);
            return readings.Values.All(each => each.Quality.IsGood);
        });
        Assert.Equal(fault.Signals.Count, last.Count);
        await over.CancelAsync();
        await answering;
    }

    /// <summary>The source has found a reason to keep silent for good.</summary>
    private async Task NeverSpeakAsync()
    {
        for (var index = 0; index < 5; index++)
        {
            Assert.DoesNotContain((await Signals.ReadAsync(source)).Values, each => each.Quality.IsGood);
        }

        Assert.Equal(0, Signals.Counter(source, "requests"));
        Assert.Equal("refused", source.Health.State);
    }

    public void CheckCounters()
    {
        foreach (var step in fault.Steps.Where(each => each.Word == "count"))
        {
            var least = long.Parse(step.Arguments[1], CultureInfo.InvariantCulture);
            var counted = Signals.Counter(source, step.Arguments[0]);
            Assert.True(counted >= least, $"{fault.Name}:{step.Line}: {step.Arguments[0]} is {counted}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await source.DisposeAsync();
        await device.DisposeAsync();
        stop.Dispose();
    }

    private async Task PlayReadAsync(FaultStep read, List<FaultStep> steps)
    {
        var began = TimeProvider.System.GetTimestamp();
        var acting = ActAllAsync([.. steps.Where(each => each.Word != "expect")]);
        var readings = await Signals.ReadAsync(source, read.Arguments);
        var took = TimeProvider.System.GetElapsedTime(began);
        Assert.True(took < Bound, $"{fault.Name}:{read.Line}: the read took {took}");
        await acting.WaitAsync(Bound, stop.Token);
        CheckValues(readings);
        foreach (var step in steps.Where(each => each.Word == "expect"))
        {
            Assert.Equal(
                $"line {step.Line} {step.Arguments[1]}", $"line {step.Line} {readings[step.Arguments[0]].Quality}");
        }
    }

    private async Task ActAllAsync(FaultStep[] steps)
    {
        foreach (var step in steps)
        {
            await ActAsync(step);
        }
    }

    private async Task ActAsync(FaultStep step)
    {
        switch (step.Word)
        {
            case "ask":
                await TakeRequestAsync(stop.Token);
                break;
            case "right":
                await device.SendAsync(rights[^1], stop.Token);
                break;
            case "send":
                await device.SendAsync(BytesOf(step), stop.Token);
                break;
            case "trickle":
                await device.TrickleAsync(BytesOf(step), TimeSpan.FromMilliseconds(1), stop.Token);
                break;
            case "vanish":
                device.Vanish();
                break;
            case "accept":
                await device.AcceptAsync(stop.Token);
                break;
            case "close":
                device.Close();
                break;
            case "reset":
                device.Reset();
                break;
            case "refuse":
                device.Refuse();
                break;
            case "listen":
                device.Listen();
                break;
            default:
                Assert.Fail($"{fault.Name}:{step.Line}: no such step: {step.Word}");
                break;
        }
    }

    private byte[] BytesOf(FaultStep step) =>
        FaultBytes.Of(step.Arguments, transactions, rights, FaultTransport.Checksum);

    private async Task TakeRequestAsync(CancellationToken cancellationToken)
    {
        var request = await device.AskAsync(cancellationToken);
        transactions.Add(BinaryPrimitives.ReadUInt16BigEndian(request));
        var pdu = new byte[253];
        rights.Add(transport.Frame(request, pdu.AsSpan(0, responder.Answer(transport.PduOf(request), pdu))));
    }

    private async Task AnswerRightlyAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await TakeRequestAsync(cancellationToken);
                await device.SendAsync(rights[^1], cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The case is over.
        }
    }

    private void CheckValues(Dictionary<string, Reading> readings)
    {
        foreach (var (name, reading) in readings)
        {
            if (reading.Quality.IsGood)
            {
                var own = fault.Signals.Single(each => each.Name == name).Value;
                Assert.True(own == (long)reading.Value.AsDouble, $"{fault.Name}: {name} was read as {reading}");
            }
            else
            {
                Assert.Equal(ValueKind.None, reading.Value.Kind);
            }
        }
    }

    private static void Fill(ModbusMap map, FaultSignal signal)
    {
        var place = Signals.Modbus(signal.Name, signal.Address, signal.Type).Address;
        switch (signal.Type)
        {
            case "bool":
                map.SetBit(place.Table, place.Address, signal.Value != 0);
                break;
            case "uint32":
                map.SetUInt32(place.Table, place.Address, (uint)signal.Value);
                break;
            default:
                map.SetRegister(place.Table, place.Address, (ushort)signal.Value);
                break;
        }
    }
}
