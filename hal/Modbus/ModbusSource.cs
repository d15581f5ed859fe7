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

    private readonly IReadOnlyList<ModbusSignal> addressed;
    private readonly IModbusClient client;
    private readonly TimeProvider clock;
    private readonly long began;
    private readonly ReadPlan plan;
    private readonly UnitPolicy policy;
    private readonly UnitIdentities identities;
    private readonly HoleKeeper holes;
    private readonly RequestCosts costs;
    private readonly TimeSpan identifyNeeds;
    private readonly ReadLane[] lanes;
    private readonly Stack<ReadBlock> parts = new();
    private int busyWaits;
    private long readings;
    private long badReadings;
    private long busyAnswers;
    private int unitsBroken;
    private int splits;
    private long failedProbes;
    private long turnsNotAsked;
    private IdentificationWalk? walk;
    private byte walked;

    public ModbusSource(
        string name, IReadOnlyList<ModbusSignal> signals, ModbusTcpOptions options, TimeProvider clock,
        ReadHoleFile? holes = null)
        : this(
            name, signals, new ModbusTcpClient(options, clock),
            ModbusSourceOptions.Of(options) with { Holes = holes }, clock)
    {
    }

    /// <summary>The same over any other client, which the source then owns.</summary>
    public ModbusSource(
        string name, IReadOnlyList<ModbusSignal> signals, IModbusClient client, ModbusSourceOptions options,
        TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        Name = name;
        addressed = signals;
        Signals = [.. signals.Select(each => each.Signal)];
        this.client = client;
        this.clock = clock;
        began = clock.GetTimestamp();
        plan = new ReadPlan(signals, options.Plan);
        holes = new HoleKeeper(plan, options.Holes);
        holes.Resume(Now);
        costs = new RequestCosts(options.Plan.GapRegistersFirst);
        policy = new UnitPolicy(options.Units);
        identities = new UnitIdentities(name);
        identifyNeeds = options.IdentifyNeeds;
        lanes = [.. Enumerable.Range(0, options.Window).Select(_ => new ReadLane())];
    }

    /// <summary>The source of an RTU bus on a serial port, or else behind a converter.</summary>
    public static ModbusSource OverRtu(
        string name, IReadOnlyList<ModbusSignal> signals, SerialPortOptions? port, System.Net.IPEndPoint? converter,
        ModbusRtuOptions options, TimeProvider clock, ReadHoleFile? holes = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        IByteLine line = (port, converter) switch
        {
            ({ } serial, null) => new SerialByteLine(serial),
            (null, { } tcp) => new TcpByteLine(tcp.Address, tcp.Port, options.Timeout, clock),
            _ => throw new ArgumentException("an RTU bus hangs on a serial port or on a converter, on one of them"),
        };
        return new ModbusSource(
            name, signals, new ModbusRtuClient(line, options, clock),
            ModbusSourceOptions.Of(options, port) with { Holes = holes }, clock);
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
            sentence = sentence.Length > 0 ? sentence : holes.Problem;
            KeyValuePair<string, long>[] own =
            [
                KeyValuePair.Create("readings", Interlocked.Read(ref readings)),
                KeyValuePair.Create("badReadings", Interlocked.Read(ref badReadings)),
                KeyValuePair.Create("busyAnswers", Interlocked.Read(ref busyAnswers)),
                KeyValuePair.Create("unitsBroken", (long)broken),
                KeyValuePair.Create("failedProbes", Interlocked.Read(ref failedProbes)),
                KeyValuePair.Create("turnsNotAsked", Interlocked.Read(ref turnsNotAsked)),
                KeyValuePair.Create("splits", (long)Volatile.Read(ref splits)),
                KeyValuePair.Create("gapRegisters", (long)costs.GapRegisters),
            ];
            return new SourceHealth(
                broken > 0 && link.State == "connected" ? "silent" : link.State, sentence, [.. link.Counters, .. own])
            {
                Devices = identities.Devices,
            };
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
            failedProbes = policy.FailedProbes;
            turnsNotAsked = policy.Skipped;
            holes.Keep(Now);
        }
    }

    /// <summary>Asks units who they are, one question at a time, as long as each is sure to end in time.</summary>
    public async ValueTask UseSpareTimeAsync(TimeSpan spare, CancellationToken cancellationToken)
    {
        var until = Now + spare;
        while (identifyNeeds > TimeSpan.Zero && until - Now >= identifyNeeds && identities.Next is { } unit)
        {
            walk = walked == unit ? walk ?? new IdentificationWalk() : new IdentificationWalk();
            walked = unit;
            var (scope, objectId) = walk.Next!.Value;
            walk.Observe(await client.ReadIdentificationAsync(unit, scope, objectId, cancellationToken)
                .ConfigureAwait(false));
            if (walk.Next is null)
            {
                identities.Observe(unit, walk.Outcome, walk.Told);
                walk = null;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await holes.DisposeAsync().ConfigureAwait(false);
        await client.DisposeAsync().ConfigureAwait(false);
    }

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
    public static ReadPlanOptions PlanOf(ModbusRtuOptions options, SerialPortOptions? port)
    {
        ArgumentNullException.ThrowIfNull(options);
        var plan = new ReadPlanOptions();
        return plan with
        {
            RegistersMax = options.RegistersMax,
            GapRegistersMax = options.GapRegistersMax,
            GapRegistersFirst = port is { Baud: > 0 }
                ? RtuLineTime.GapThatPays(port, options.Turnaround)
                : plan.GapRegistersFirst,
            OneRequestPerSignal = options.OneRequestPerSignal,
        };
    }

    private void BeginCall(ReadOnlySpan<int> due)
    {
        busyWaits = 0;
        var now = Now;
        holes.Turn(now);
        plan.GapRegisters = costs.GapRegisters;
        plan.Plan(due);
        policy.BeginCall(plan.Blocks, now);
    }

    /// <summary>Puts the block on the wire, or not, where its unit is not worth asking now.</summary>
    private void Begin(ReadLane lane, in ReadBlock block, CancellationToken cancellationToken)
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

    private ValueTask<ModbusResult> Ask(ReadLane lane, in ReadBlock block, CancellationToken cancellationToken) =>
        block.Request.IsBits
            ? client.ReadBitsAsync(
                block.UnitId, block.Table, block.Address, lane.Bits.AsMemory(0, block.Count), cancellationToken)
            : client.ReadRegistersAsync(
                block.UnitId, block.Table, block.Address, lane.Registers.AsMemory(0, block.Count), cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask EndAsync(ReadLane lane, ReadingBatch into, CancellationToken cancellationToken)
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
        var (front, back) = plan.Split(block, Now);
        parts.Push(back);
        parts.Push(front);
    }

    /// <summary>Tells the policy, and waits for a device that asks for patience, as often as the call may.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ModbusResult> FinishAsync(
        ReadLane lane, ModbusResult result, CancellationToken cancellationToken)
    {
        while (lane.IsAsked)
        {
            Observe(lane, result);
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

    private void Observe(ReadLane lane, ModbusResult result)
    {
        var unit = lane.Block.UnitId;
        policy.Observe(unit, result, Now - lane.BeganAt, Now);
        if (result.Status == ModbusStatus.Answered)
        {
            identities.Answered(unit);
            if (lanes.Length == 1)
            {
                // With others under way at once, what one takes is not what it costs.
                costs.Observe(lane.Block.Request, Now - lane.BeganAt);
            }
        }
        else if (result.Status == ModbusStatus.Disconnected || policy.IsBroken(unit))
        {
            identities.Gone(unit);
        }
    }

    private static bool IsRefusal(ModbusResult result) =>
        result is { Status: ModbusStatus.DeviceException, ExceptionCode: IllegalAddress or IllegalValue };

    private void Deliver(ReadLane lane, ModbusResult result, ReadingBatch into)
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

    private static DecodedValue Decode(ReadLane lane, ModbusSignal signal)
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
        ModbusStatus.NotAsked => QualityReason.NotRead,
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
}
