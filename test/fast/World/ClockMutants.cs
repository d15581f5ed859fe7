using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Time;
using Sluice.Hal;
using Sluice.Plant.Disk;
using Sluice.Plant.World;

namespace Sluice.Fast.World;

/// <summary>Mistakes that a gateway could make with its clock, each at a seam of the world.</summary>
internal static class ClockMutants
{
    /// <summary>Corrects whatever has no right time once the clock is set, sent or not.</summary>
    public sealed class CorrectsWhatWasSent : Seams
    {
        private WorldClock? clock;

        public override IHostClock Host(WorldClock clock) => this.clock = clock;

        public override void Peeked(StoreId store, StoredBatch batch) => Changed(batch, reading =>
        {
            if (reading.Clock.IsSet || reading.Clock.Boot != clock!.Boot || !clock.Synchronised)
            {
                return reading;
            }

            var now = ReadingClock.Milliseconds(Reading.Stamp(clock)) - Reading.Monotonic(clock);
            return Moved(reading, now - reading.Clock.OffsetMilliseconds) with { Quality = Quality.Good };
        });
    }

    /// <summary>Knows a rule as long as the process lives that made it.</summary>
    public sealed class ForgetsTheRulesAtAStart : Seams
    {
        private readonly HashSet<(StoreId Store, ClockCorrection Rule)> known = [];
        private readonly HashSet<(StoreId Store, ClockCorrection Rule)> forgotten = [];

        public override void Started(SimulatedDisk disk) => forgotten.UnionWith(known);

        public override BufferView View(BufferView view)
        {
            known.UnionWith(Rules(view));
            return view with
            {
                Stores = [.. view.Stores.Select(store => store with
                {
                    Corrections = [.. store.Corrections.Where(rule => !forgotten.Contains((store.Store, rule)))],
                })],
            };
        }

        public override void Peeked(StoreId store, StoredBatch batch) => Changed(batch, reading =>
            RuleOf(forgotten, store, reading) is { } rule
                ? Moved(reading, -rule.OffsetMilliseconds) with
                {
                    Quality = reading.Quality.IsGood ? Quality.Uncertain(QualityReason.ClockNotSet) : reading.Quality,
                }
                : reading);
    }

    public sealed class AppliesTheRulesTwice : Seams
    {
        private readonly HashSet<(StoreId Store, ClockCorrection Rule)> known = [];

        public override BufferView View(BufferView view)
        {
            known.UnionWith(Rules(view));
            return view;
        }

        public override void Peeked(StoreId store, StoredBatch batch) => Changed(batch, reading =>
            RuleOf(known, store, reading) is { } rule ? Moved(reading, rule.OffsetMilliseconds) : reading);
    }

    /// <summary>Corrects, and says so to nobody.</summary>
    public sealed class KeepsTheRulesToItself : Seams
    {
        public override BufferView View(BufferView view) => view with
        {
            Stores = [.. view.Stores.Select(store => store with { Corrections = [] })],
        };
    }

    public sealed class LeavesTheStepsOut : Seams
    {
        public override BufferView View(BufferView view) => view.Record is null ? view : view with
        {
            Record = view.Record with { Steps = [], StepsTotal = 0 },
        };
    }

    /// <summary>What comes after is what has a later time.</summary>
    public sealed class OrdersByTheWallClock : Seams
    {
        private readonly Dictionary<StoreId, DateTime> newest = [];

        public override void Peeked(StoreId store, StoredBatch batch)
        {
            var sent = newest.GetValueOrDefault(store);
            var kept = batch.Readings.Where(reading => reading.SourceTimestamp >= sent).ToArray();
            batch.Clear();
            foreach (var reading in kept)
            {
                batch.Add(reading);
                newest[store] = reading.SourceTimestamp;
            }
        }
    }

    /// <summary>Counts its intervals on the wall clock.</summary>
    public sealed class WaitsByTheWallClock : Seams
    {
        public override TimeProvider Clock(WorldClock clock) => new Wall(clock);

        private sealed class Wall(WorldClock clock) : TimeProvider
        {
            public override long TimestampFrequency => TimeSpan.TicksPerSecond;

            public override long GetTimestamp() => clock.GetUtcNow().Ticks;

            public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();
        }
    }

    /// <summary>Does not ask whether anybody has set it.</summary>
    public sealed class TrustsAClockThatNobodySet : Seams
    {
        public override IHostClock Host(WorldClock clock) => new TrustedClock(clock.Boot);
    }

    /// <summary>Takes the monotonic clock for one that goes on over a power cut.</summary>
    public sealed class CorrectsAnotherBoot : Seams
    {
        public override IHostClock Host(WorldClock clock) => new OneBoot(clock);

        private sealed class OneBoot(WorldClock clock) : IHostClock
        {
            public Guid Boot => new(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 9]);

            public bool IsSynchronised() => clock.Synchronised;
        }
    }

    private static IEnumerable<(StoreId Store, ClockCorrection Rule)> Rules(BufferView view) =>
        view.Stores.SelectMany(store => store.Corrections.Select(rule => (store.Store, rule)));

    private static ClockCorrection? RuleOf(
        HashSet<(StoreId Store, ClockCorrection Rule)> rules, StoreId store, StoredReading reading) =>
        rules.FirstOrDefault(each => each.Store == store && each.Rule.Range.Contains(reading.Position)).Rule;

    private static StoredReading Moved(in StoredReading reading, long milliseconds) =>
        reading with { SourceTimestamp = reading.SourceTimestamp.AddMilliseconds(milliseconds) };

    private static void Changed(StoredBatch batch, Func<StoredReading, StoredReading> change)
    {
        var changed = batch.Readings.Select(change).ToArray();
        batch.Clear();
        foreach (var reading in changed)
        {
            batch.Add(reading);
        }
    }
}
