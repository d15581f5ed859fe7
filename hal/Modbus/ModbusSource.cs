using System.Globalization;
using System.Runtime.CompilerServices;

namespace Sluice.Hal.Modbus;

/// <summary>
/// Signals of the units behind one Modbus link. Called by the sampler, on its loop: plans what is due, asks as many
/// requests at once as the window allows, and turns every outcome into readings.
/// <para>
/// A call ends within its bounds however the device behaves: a unit that does not answer is given up after its second
/// request and probed once a call, a missing connection answers at once, and a busy device is waited for
/// <see cref="BusyWaitsMax"/> times a call.
/// </para>
/// </summary>
public sealed class ModbusSource : ISignalSource
{
    /// <summary>How often one call waits for a device that says busy or acknowledge, over all its requests.</summary>
    public const int BusyWaitsMax = 3;

    private const byte IllegalAddress = 2;
    private const byte IllegalValue = 3;
    private const byte Acknowledge = 5;
    private const byte Busy = 6;

    /// <summary>First wait for a busy device; doubles.</summary>
    private static readonly TimeSpan BusyWait = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// What the device refused to read along is tried again after this: its program may have changed.
    /// </summary>
    private static readonly TimeSpan SplitsKept = TimeSpan.FromHours(1);

    private readonly IReadOnlyList<ModbusSignal> addressed;
    private readonly IModbusClient client;
    private readonly TimeProvider clock;
    private readonly long began;
    private readonly ReadPlan plan;
    private readonly UnitPolicy policy = new(new UnitPolicyOptions());
    private readonly Lane[] lanes;
    private readonly Stack<ReadBlock> parts = new();
    private int busyWaits;
    private TimeSpan splitsForgottenAt;
    private long readings;
    private long badReadings;
    private long busyAnswers;
    private int unitsBroken;
    private int splits;

    public ModbusSource(
        string name, IReadOnlyList<ModbusSignal> signals, ModbusTcpOptions options, TimeProvider clock)
        : this(name, signals, new ModbusTcpClient(options, clock), PlanOf(options), options.Window, clock)
    {
    }

    /// <summary>The same over any other client, which the source then owns.</summary>
    public ModbusSource(
        string name, IReadOnlyList<ModbusSignal> signals, IModbusClient client, ReadPlanOptions planOptions, int window,
        TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(clock);
        Name = name;
        addressed = signals;
        Signals = [.. signals.Select(each => each.Signal)];
        this.client = client;
        this.clock = clock;
        began = clock.GetTimestamp();
        plan = new ReadPlan(signals, planOptions);
        lanes = [.. Enumerable.Range(0, window).Select(_ => new Lane())];
    }

    /// <summary>The source of an RTU bus on a serial port, or else behind a converter.</summary>
    public static ModbusSource OverRtu(
        string name, IReadOnlyList<ModbusSignal> signals, SerialPortOptions? port, System.Net.IPEndPoint? converter,
        ModbusRtuOptions options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        IByteLine line = (port, converter) switch
        {
            ({ } serial, null) => new SerialByteLine(serial),
            (null, { } tcp) => new TcpByteLine(tcp.Address, tcp.Port, options.Timeout, clock),
            _ => throw new ArgumentException("an RTU bus hangs on a serial port or on a converter, on one of them"),
        };
        return new ModbusSource(
            name, signals, new ModbusRtuClient(line, options, clock), PlanOf(options), 1, clock);
    }

    public string Name { get; }

    public IReadOnlyList<Signal> Signals { get; }

    public SourceHealth Health
    {
        get
        {
            var link = client.Health;
            var broken = Volatile.Read(ref unitsBroken);
            var sentence = link.Sentence.Length > 0 || broken == 0
                ? link.Sentence
                : string.Create(CultureInfo.InvariantCulture, $"{broken} of its units do not answer");
            KeyValuePair<string, long>[] own =
            [
                KeyValuePair.Create("readings", Interlocked.Read(ref readings)),
                KeyValuePair.Create("badReadings", Interlocked.Read(ref badReadings)),
                KeyValuePair.Create("busyAnswers", Interlocked.Read(ref busyAnswers)),
                KeyValuePair.Create("unitsBroken", (long)broken),
                KeyValuePair.Create("splits", (long)Volatile.Read(ref splits)),
            ];
            return new SourceHealth(
                broken > 0 && link.State == "connected" ? "silent" : link.State, sentence, [.. link.Counters, .. own]);
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(began);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadAsync(ReadOnlyMemory<int> due, ReadingBatch into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        cancellationToken.ThrowIfCancellationRequested();
        BeginCall(due.Span);
        var begun = 0;
        var ended = 0;
        try
        {
            while (ended < plan.Blocks.Count)
            {
                while (begun < plan.Blocks.Count && begun - ended < lanes.Length)
                {
                    Begin(lanes[begun % lanes.Length], plan.Blocks[begun], cancellationToken);
                    begun++;
                }

                var lane = lanes[ended % lanes.Length];
                ended++;
                await EndAsync(lane, into, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            await AbandonAsync(ended, begun).ConfigureAwait(false);
            throw;
        }
        finally
        {
            unitsBroken = policy.Broken;
            splits = plan.Splits;
        }
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();

    /// <summary>How a source with these options plans its requests: for whoever wants to know before it runs.</summary>
    public static ReadPlanOptions PlanOf(ModbusTcpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ReadPlanOptions
        {
            RegistersMax = options.RegistersMax,
            GapRegistersMax = options.GapRegistersMax,
            OneRequestPerSignal = options.OneRequestPerSignal,
        };
    }

    /// <summary>The same of a source on an RTU bus.</summary>
    public static ReadPlanOptions PlanOf(ModbusRtuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ReadPlanOptions
        {
            RegistersMax = options.RegistersMax,
            GapRegistersMax = options.GapRegistersMax,
            OneRequestPerSignal = options.OneRequestPerSignal,
        };
    }

    private void BeginCall(ReadOnlySpan<int> due)
    {
        busyWaits = 0;
        var now = Now;
        if (now - splitsForgottenAt >= SplitsKept)
        {
            splitsForgottenAt = now;
            plan.ForgetSplits();
        }

        plan.Plan(due);
        policy.BeginCall(plan.Blocks, now);
    }

    /// <summary>Puts the block on the wire, or not, where its unit is not worth asking now.</summary>
    private void Begin(Lane lane, in ReadBlock block, CancellationToken cancellationToken)
    {
        lane.Block = block;
        lane.BeganAt = Now;
        lane.IsAsked = policy.MayAsk(block.UnitId);
#pragma warning disable CA2012 // kept in the lane, and awaited once: by EndAsync, or by AbandonAsync
        lane.Answer = lane.IsAsked
            ? Ask(lane, block, cancellationToken)
            : new ValueTask<ModbusResult>(policy.LastFailure(block.UnitId));
#pragma warning restore CA2012
    }

    private ValueTask<ModbusResult> Ask(Lane lane, in ReadBlock block, CancellationToken cancellationToken) =>
        block.Request.IsBits
            ? client.ReadBitsAsync(
                block.UnitId, block.Table, block.Address, lane.Bits.AsMemory(0, block.Count), cancellationToken)
            : client.ReadRegistersAsync(
                block.UnitId, block.Table, block.Address, lane.Registers.AsMemory(0, block.Count), cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask EndAsync(Lane lane, ReadingBatch into, CancellationToken cancellationToken)
    {
        var result = await lane.Answer.ConfigureAwait(false);
        result = await FinishAsync(lane, result, cancellationToken).ConfigureAwait(false);
        if (!IsRefusal(result) || lane.Block.Members == 1)
        {
            Deliver(lane, result, into);
            return;
        }

        // Something between or among the members cannot be read: bisect, so that one hole costs no other signal.
        parts.Clear();
        PushParts(lane.Block);
        while (parts.TryPop(out var part))
        {
            Begin(lane, part, cancellationToken);
            result = await lane.Answer.ConfigureAwait(false);
            result = await FinishAsync(lane, result, cancellationToken).ConfigureAwait(false);
            if (IsRefusal(result) && part.Members > 1)
            {
                PushParts(part);
            }
            else
            {
                Deliver(lane, result, into);
            }
        }
    }

    private void PushParts(in ReadBlock block)
    {
        var (front, back) = plan.Split(block);
        parts.Push(back);
        parts.Push(front);
    }

    /// <summary>Tells the policy, and waits for a device that asks for patience, as often as the call may.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ModbusResult> FinishAsync(
        Lane lane, ModbusResult result, CancellationToken cancellationToken)
    {
        while (lane.IsAsked)
        {
            policy.Observe(lane.Block.UnitId, result, Now - lane.BeganAt, Now);
            if (result is not { Status: ModbusStatus.DeviceException, ExceptionCode: Acknowledge or Busy })
            {
                break;
            }

            Interlocked.Increment(ref busyAnswers);
            if (busyWaits == BusyWaitsMax)
            {
                break;
            }

            await Task.Delay(BusyWait * (1 << busyWaits++), clock, cancellationToken).ConfigureAwait(false);
            lane.BeganAt = Now;
            result = await Ask(lane, lane.Block, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    private static bool IsRefusal(ModbusResult result) =>
        result is { Status: ModbusStatus.DeviceException, ExceptionCode: IllegalAddress or IllegalValue };

    private void Deliver(Lane lane, ModbusResult result, ReadingBatch into)
    {
        var stamp = Reading.Stamp(clock);
        var monotonic = Reading.Monotonic(clock);
        var block = lane.Block;
        for (var place = block.First; place < block.First + block.Members; place++)
        {
            var signal = addressed[plan.SignalAt(place)];
            var decoded = result.Status == ModbusStatus.Answered
                ? Decode(lane, signal)
                : new DecodedValue(SignalValue.None, Quality.Bad(ReasonOf(result.Status)));
            Interlocked.Add(ref badReadings, decoded.Quality.IsGood ? 0 : 1);
            into.Add(new Reading(signal.Signal, decoded.Value, decoded.Quality, stamp)
            {
                MonotonicMilliseconds = monotonic,
            });
        }

        Interlocked.Add(ref readings, block.Members);
    }

    private static DecodedValue Decode(Lane lane, ModbusSignal signal)
    {
        var at = signal.Address.Address - lane.Block.Address;
        return lane.Block.Request.IsBits
            ? RegisterDecoding.FromBit(lane.Bits[at])
            : RegisterDecoding.FromRegisters(signal, lane.Registers.AsSpan(at, signal.Signal.Type.Registers));
    }

    private static QualityReason ReasonOf(ModbusStatus status) => status switch
    {
        ModbusStatus.Timeout => QualityReason.Timeout,
        ModbusStatus.DeviceException => QualityReason.DeviceException,
        ModbusStatus.BadAnswer => QualityReason.Checksum,
        _ => QualityReason.Disconnected,
    };

    /// <summary>Requests that are still under way hold our memory: nobody leaves before they have ended too.</summary>
    private async ValueTask AbandonAsync(int ended, int begun)
    {
        for (; ended < begun; ended++)
        {
            try
            {
                await lanes[ended % lanes.Length].Answer.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The same request to stop as that of the caller, who gets it.
            }
        }
    }

    /// <summary>One request under way, and the memory that its answer goes to.</summary>
    private sealed class Lane
    {
        public ushort[] Registers { get; } = new ushort[ReadRequest.RegistersMax];

        public bool[] Bits { get; } = new bool[ReadRequest.BitsMax];

        public ReadBlock Block { get; set; }

        public TimeSpan BeganAt { get; set; }

        public bool IsAsked { get; set; }

        public ValueTask<ModbusResult> Answer { get; set; }
    }
}
