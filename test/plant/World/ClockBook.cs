using System.Globalization;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Hal;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using static Sluice.Plant.World.WorldFaultException;

namespace Sluice.Plant.World;

/// <summary>
/// What the gateway's clock really was, and what the MES may hold of each reading because of it. A reading that was
/// read by a set clock stays as it was read. One that was read before stays so too, with the word ClockNotSet, where it
/// was handed to the link before the clock of its boot was set, or never can be corrected; else it has the right time,
/// and the ledger has the rule. Steps stand in the ledger, and no others.
/// <para>
/// How near the right time: exactly, where the clocks of the world lie on whole milliseconds. Else 2 ms: an offset is
/// <c>floor(wall) - floor(monotonic)</c> at some look, which is the true distance cut to the millisecond or one more.
/// So the difference of two of them is the true one cut likewise, less one to plus two; the true one is rounded here.
/// </para>
/// </summary>
internal sealed class ClockBook
{
    /// <summary>What the agent tells of as a step (ClockWatch).</summary>
    private static readonly TimeSpan StepMin = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// So long after something happened to the clock the agent knows it durably: it looks every 10 s and commits within
    /// a second, and a disk that failed in between is asked again after 10 s.
    /// </summary>
    public static readonly TimeSpan WrittenAfter = TimeSpan.FromSeconds(40);

    private readonly WorldClock clock;
    private readonly long toleranceMilliseconds;
    private readonly List<Stretch> history = [];
    private readonly Dictionary<(long Monotonic, DateTime Stamp), TimeSpan> reads = [];
    private readonly HashSet<StepAccount> steps = [];
    private readonly HashSet<(string Store, CorrectionAccount Rule)> rules = [];
    private readonly HashSet<(string Store, long Position, long OffsetMilliseconds)> corrected = [];

    public ClockBook(WorldClock clock, bool inWholeMilliseconds)
    {
        this.clock = clock;
        toleranceMilliseconds = inWholeMilliseconds ? 0 : 2;
        history.Add(new Stretch(TimeSpan.Zero, clock.Boot, clock.Ahead, clock.Synchronised, TimeSpan.Zero));
        clock.Moved = Note;
    }

    /// <summary>Readings that got another time.</summary>
    public long Corrected => corrected.Count;

    /// <summary>Readings that arrived with the word that the clock was not set.</summary>
    public long NotSet { get; private set; }

    /// <summary>Steps of at least half a second.</summary>
    public int Steps => history.Count(stretch => stretch.IsStep);

    /// <summary>The stretch of clock that is now.</summary>
    public Stretch Current => history[^1];

    /// <summary>A device was read; <see cref="ReadAt"/> is asked when the reading is stored, perhaps later.</summary>
    public void Read(in Reading reading) => reads[Key(reading)] = clock.Now;

    public TimeSpan ReadAt(in Reading reading) => reads[Key(reading)];

    /// <summary>The process is gone, and with it what it read and did not store.</summary>
    public void Ended() => reads.Clear();

    /// <summary>Read by a clock that was not set.</summary>
    public bool IsNotSet(TimeSpan readAt) => !At(readAt).IsSet;

    /// <summary>The MES heard a ledger.</summary>
    public void Hears(LedgerMessage ledger)
    {
        foreach (var store in ledger.Stores)
        {
            rules.UnionWith(store.Corrections.Select(rule => (store.Store, rule)));
        }

        steps.UnionWith(ledger.Clock?.Steps ?? []);
    }

    /// <summary>A reading reached the MES.</summary>
    /// <param name="given">As the device gave it.</param>
    /// <param name="fate">When it was asked for and handed out; null where its clock was set.</param>
    /// <param name="store">Where it was stored.</param>
    /// <param name="arrived">As it came.</param>
    public void Judge(GivenReading given, Fate? fate, string store, MesReading arrived)
    {
        var (reading, read) = (given.Reading, At(given.ReadAt));
        var asRead = arrived.SourceTimestamp == reading.SourceTimestamp;
        if (read.IsSet)
        {
            Require(asRead && HasQuality(arrived, reading.Quality), Checker.Values,
                () => $"position {arrived.Position} was read by a set clock as {reading.Quality} at "
                    + $"{reading.SourceTimestamp:O} and arrived as {arrived}");
            return;
        }

        var handedAt = fate?.HandedAt ?? TimeSpan.MaxValue;
        var set = history.Where(s => s.Boot == read.Boot && s.IsSet && s.From > given.ReadAt && s.From <= handedAt)
            .ToList();
        var provisional = reading.Quality.IsGood ? Quality.Uncertain(QualityReason.ClockNotSet) : reading.Quality;
        var unset = asRead && HasQuality(arrived, provisional);
        var offset = Milliseconds(arrived.SourceTimestamp) - Milliseconds(reading.SourceTimestamp);
        var right = HasQuality(arrived, reading.Quality) && set.Exists(s => IsNear(offset, s.Ahead - read.Ahead));
        NotSet += unset ? 1 : 0;
        if (right && !unset)
        {
            corrected.Add((store, arrived.Position, offset));
        }

        // Asked for before: it may have been released, although the disk then failed or the power went.
        var mayStay = set.Count == 0 || fate!.AskedAt < set[0].From
            || (At(handedAt).Boot != read.Boot && !set.Exists(s => s.IsBinding));
        Require(right || (unset && mayStay), Checker.Clock, () => Sentence(arrived, reading, read, set, handedAt));
    }

    /// <summary>What the agent tells of it, where a broker takes no whole ledger.</summary>
    public void Shows(BufferView view)
    {
        foreach (var store in view.Stores)
        {
            rules.UnionWith(store.Corrections.Select(rule => (store.Store.ToString(), new CorrectionAccount(
                $"{rule.Boot:n}", new Positions(rule.Range.From, rule.Range.To), rule.OffsetMilliseconds))));
        }

        steps.UnionWith((view.Record?.Steps ?? []).Select(step =>
            new StepAccount($"{step.Boot:n}", step.At, step.OffsetMilliseconds, step.IsSet)));
    }

    /// <summary>The end: rules and steps stand in what the MES was told.</summary>
    public void Settle(LedgerMessage? last)
    {
        var without = corrected.FirstOrDefault(reading => !rules.Any(told => told.Store == reading.Store
            && told.Rule.Range.From <= reading.Position && reading.Position <= told.Rule.Range.To
            && told.Rule.OffsetMilliseconds == reading.OffsetMilliseconds));
        Require(without.Store is null, Checker.Clock,
            () => $"position {without.Position} of {without.Store} was moved by {without.OffsetMilliseconds} ms and no "
                + "ledger has that rule");

        foreach (var step in history.Where(stretch => stretch is { IsStep: true, IsBinding: true }))
        {
            Require(steps.Any(told => IsAbout(told, step)), Checker.Clock,
                () => $"the clock was put by {step.Moved} at {step.From}, and no ledger has it");
        }

        var invented = steps.FirstOrDefault(
            told => !Moves(told.Boot).Any(moved => IsNear(told.OffsetMilliseconds, moved)));
        Require(invented is null, Checker.Clock, () => $"nobody put the clock as a ledger says: {invented}");
        Require(last?.Clock is null || (last.Clock.IsSet == Current.IsSet && last.Clock.Boot == $"{Current.Boot:n}"),
            Checker.Clock, () => $"the clock is set: {Current.IsSet}, and the last ledger says {last?.Clock}");
    }

    private static (long Monotonic, DateTime Stamp) Key(in Reading reading) =>
        (reading.MonotonicMilliseconds, reading.SourceTimestamp);

    private static long Milliseconds(DateTime utc) => utc.Ticks / TimeSpan.TicksPerMillisecond;

    private static bool HasQuality(in MesReading arrived, Quality quality) =>
        (quality.IsGood ? "Good" : quality.Level.ToString()) == arrived.Quality
        && (quality.Reason == QualityReason.None ? "" : quality.Reason.ToString()) == arrived.Reason;

    private void Note()
    {
        var before = history[^1];
        var isReboot = before.Boot != clock.Boot;
        var moved = isReboot ? TimeSpan.Zero : clock.Ahead - before.Ahead;
        var isSet = clock.Synchronised || (!isReboot && before.IsSet && moved.Duration() < StepMin);
        history.Add(new Stretch(clock.Now, clock.Boot, clock.Ahead, isSet, moved));
    }

    private Stretch At(TimeSpan then)
    {
        var i = history.Count - 1;
        while (i > 0 && history[i].From > then)
        {
            i--;
        }

        return history[i];
    }

    private bool IsNear(long offsetMilliseconds, TimeSpan right) =>
        Math.Abs(offsetMilliseconds - Math.Round(right.TotalMilliseconds)) <= toleranceMilliseconds;

    /// <summary>Steps that followed each other while the agent was away are told as one.</summary>
    private bool IsAbout(StepAccount told, Stretch step) =>
        told.Boot == $"{step.Boot:n}" && Moves(told.Boot, step).Any(moved => IsNear(told.OffsetMilliseconds, moved));

    /// <summary>Every sum of moves in a row, of one boot.</summary>
    private IEnumerable<TimeSpan> Moves(string boot, Stretch? with = null)
    {
        var moves = history.Where(stretch => $"{stretch.Boot:n}" == boot).ToList();
        for (var from = 0; from < moves.Count; from++)
        {
            var (sum, has) = (TimeSpan.Zero, false);
            for (var to = from; to < moves.Count; to++)
            {
                sum += moves[to].Moved;
                has |= moves[to] == with;
                if (with is null || has)
                {
                    yield return sum;
                }
            }
        }
    }

    private static string Sentence(
        MesReading arrived, Reading reading, Stretch read, List<Stretch> set, TimeSpan handedAt) =>
        string.Create(CultureInfo.InvariantCulture,
            $"position {arrived.Position} was read by a clock that was not set ({read}) as {reading.Quality} at "
            + $"{reading.SourceTimestamp:O}, handed out at {handedAt}, the clock was set before that: "
            + $"[{string.Join(", ", set)}]; and it arrived as {arrived}");

    /// <summary>The clock between two things that happened to it.</summary>
    /// <param name="From">Since the world began.</param>
    /// <param name="Boot">In which boot.</param>
    /// <param name="Ahead">How far the wall clock is ahead of the truth.</param>
    /// <param name="IsSet">Whether a time service has spoken, and nobody moved it since.</param>
    /// <param name="Moved">How far it was put at the beginning, in the same boot.</param>
    public sealed record Stretch(TimeSpan From, Guid Boot, TimeSpan Ahead, bool IsSet, TimeSpan Moved)
    {
        /// <summary>The agent ran on, with a disk that works: it must have seen it and written it down.</summary>
        public bool IsBinding { get; set; }

        public bool IsStep => Moved.Duration() >= StepMin;
    }
}

/// <summary>When a reading whose clock was not set was first asked for, and first handed out.</summary>
internal sealed class Fate
{
    public TimeSpan AskedAt { get; private set; } = TimeSpan.MaxValue;

    public TimeSpan HandedAt { get; private set; } = TimeSpan.MaxValue;

    public void Asked(TimeSpan now) => AskedAt = now < AskedAt ? now : AskedAt;

    public void Handed(TimeSpan now) => HandedAt = now < HandedAt ? now : HandedAt;
}
