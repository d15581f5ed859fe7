namespace Sluice.Hal.Modbus;

/// <summary>When a unit counts as dead, and what dead units may cost the living.</summary>
public sealed record UnitPolicyOptions
{
    /// <summary>Failures in a row after which a unit that has answered before is not asked any more. 2.</summary>
    public int FailuresBeforeBreak { get; init; } = 2;

    /// <summary>
    /// Share of the time that probes of dead units may take together, while another unit lives. 0.05.
    /// </summary>
    public double DeadShareMax { get; init; } = 0.05;

    /// <summary>
    /// How far units that have never answered may run ahead of that share, so that a few of them do not keep others
    /// from being met: at most this much time's share at once. 1 min, which is 3 s.
    /// </summary>
    public TimeSpan DeadShareAhead { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Most units that have never answered which one call may find silent while none lives, so that a call over 247 of
    /// them ends. 4.
    /// </summary>
    public int FirstFailuresMax { get; init; } = 4;

    /// <summary>Least time between two probes while another unit lives. 1 s.</summary>
    public TimeSpan ProbePauseMin { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Whether a unit is worth asking now: a breaker for each unit behind one link.
/// <para>
/// Invariants: a unit breaks after failures in a row (the first one, if it has never answered); a broken unit is asked
/// by probes only, at most one in each call, the longest-waiting first. While another unit lives, all that fail take at
/// most their share of the time, and at the start <see cref="UnitPolicyOptions.DeadShareAhead"/> of it at once; of the
/// units that have never answered one at most fails in a call then, so that none delays a turn by more than a deadline.
/// While none lives, every call may meet a few, because there is nobody to protect, and ends, so that it can be told.
/// One answer, be it an exception of its own, and the unit lives. A missing connection is not the unit's fault.
/// </para>
/// </summary>
public sealed class UnitPolicy(UnitPolicyOptions options)
{
    private const byte GatewayPathUnavailable = 0x0A;
    private const byte GatewayTargetSilent = 0x0B;

    private readonly UnitState[] units = new UnitState[256];
    private TimeSpan nextProbeAt = TimeSpan.MinValue;
    private int live;
    private long probeNumber;
    private int candidate = -1;
    private int failedInCall;
    private bool mayMeet = true;

    /// <summary>Units that are not asked but by probes.</summary>
    public int Broken { get; private set; }

    /// <summary>Probes that failed, since start.</summary>
    public long FailedProbes { get; private set; }

    /// <summary>Turns of blocks that were not put on the wire because their unit is broken, since start.</summary>
    public long Skipped { get; private set; }

    /// <summary>Begins one call with these blocks, and picks the unit that may be probed in it.</summary>
    /// <param name="blocks">What the call will read.</param>
    /// <param name="now">Monotonic time, of one origin for every call.</param>
    public void BeginCall(IReadOnlyList<ReadBlock> blocks, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        candidate = -1;
        failedInCall = 0;
        mayMeet = live == 0 || nextProbeAt <= now + options.DeadShareAhead;
        if (Broken == 0 || (live > 0 && now < nextProbeAt))
        {
            return;
        }

        for (var index = 0; index < blocks.Count; index++)
        {
            var unit = blocks[index].UnitId;
            if (live == 0 && units[unit].FailuresInARow == 0)
            {
                // Nobody's second probe before everybody's first.
                candidate = -1;
                return;
            }

            if (units[unit].IsBroken && (candidate < 0 || units[unit].ProbedAs < units[candidate].ProbedAs))
            {
                candidate = unit;
            }
        }
    }

    /// <summary>True if the unit may be asked; a yes for a broken unit is this call's one probe.</summary>
    public bool MayAsk(byte unit)
    {
        ref readonly var state = ref units[unit];
        var isFull = failedInCall >= (live > 0 ? 1 : options.FirstFailuresMax);
        if (!state.IsBroken && (state.IsLive || (mayMeet && !isFull)))
        {
            return true;
        }

        // One that failed already took this call's time for such as it.
        if (unit != candidate || (failedInCall > 0 && live > 0))
        {
            Skipped++;
            return false;
        }

        candidate = -1;
        units[unit].ProbedAs = ++probeNumber;
        return true;
    }

    public bool IsBroken(byte unit) => units[unit].IsBroken;

    /// <summary>What a unit that is not asked is like: how it failed last; NotAsked if it has not failed yet.</summary>
    public ModbusResult LastFailure(byte unit) =>
        units[unit].FailuresInARow > 0 ? units[unit].LastFailure : new ModbusResult(ModbusStatus.NotAsked);

    public void Observe(byte unit, ModbusResult result, TimeSpan took, TimeSpan now)
    {
        if (result.Status is ModbusStatus.Disconnected or ModbusStatus.NotAsked)
        {
            return;
        }

        ref var state = ref units[unit];
        if (!IsFailure(result))
        {
            live += state.IsLive ? 0 : 1;
            Broken -= state.IsBroken ? 1 : 0;
            state = new UnitState { IsLive = true, ProbedAs = state.ProbedAs };
            return;
        }

        state.FailuresInARow++;
        failedInCall += state.IsLive ? 0 : 1;
        state.LastFailure = result;
        if (state.IsBroken)
        {
            FailedProbes++;
        }
        else if (!state.IsLive || state.FailuresInARow >= options.FailuresBeforeBreak)
        {
            live -= state.IsLive ? 1 : 0;
            Broken++;
            state.IsLive = false;
            state.IsBroken = true;
        }

        if (state.IsBroken)
        {
            var pause = took * ((1 / options.DeadShareMax) - 1);
            pause = pause > options.ProbePauseMin ? pause : options.ProbePauseMin;

            // What is still owed for earlier failures comes on top: thirty at the start are thirty shares.
            nextProbeAt = live > 0 && nextProbeAt > now ? nextProbeAt + took + pause : now + pause;
        }
    }

    /// <summary>Exceptions of a gateway speak of the unit behind it; all others are the unit's own voice.</summary>
    private static bool IsFailure(ModbusResult result) => result.Status switch
    {
        ModbusStatus.Answered => false,
        ModbusStatus.DeviceException => result.ExceptionCode is GatewayPathUnavailable or GatewayTargetSilent,
        _ => true,
    };

    private struct UnitState
    {
        public bool IsLive;
        public bool IsBroken;
        public int FailuresInARow;
        public long ProbedAs;
        public ModbusResult LastFailure;
    }
}
