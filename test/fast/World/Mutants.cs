using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Uplink;
using Sluice.Hal;
using Sluice.Plant.Disk;
using Sluice.Plant.World;

namespace Sluice.Fast.World;

/// <summary>
/// Mistakes that a gateway could make, each at a seam of the world. Nothing of this is in what ships: there the parts
/// meet without anybody in between.
/// </summary>
internal static partial class Mutants
{
    /// <summary>A PUBLISH is as good as its PUBACK.</summary>
    public sealed class AcknowledgesOnEnqueue : Seams
    {
        public override PositionRange? AcknowledgedAtOnce(SentBatch sent) => sent.Range;
    }

    /// <summary>Acknowledges one position more than the broker took.</summary>
    public sealed class ForgetsARange : Seams
    {
        private long durable;

        public override BufferView View(BufferView view)
        {
            durable = view.Stores[^1].Next;
            return view;
        }

        public override PositionRange? Acknowledged(StoreId store, PositionRange? accepted) =>
            accepted is { } range && range.To + 1 < durable ? range with { To = range.To + 1 } : accepted;
    }

    /// <summary>Reads a PUBACK and not its reason code.</summary>
    public sealed class TakesARefusalForAnAnswer : Seams
    {
        public override DeliveryOutcome Answer(DeliveryOutcome outcome) =>
            outcome.Verdict is DeliveryVerdict.LinkLost ? outcome : DeliveryOutcome.Accepted;
    }

    /// <summary>The last frame of the journal is gone at each start: its positions are given again.</summary>
    public sealed class ReusesPositions : Seams
    {
        public override void Started(SimulatedDisk disk)
        {
            (DiskFile File, int At, ulong Generation, uint Sequence) last = default;
            foreach (var file in disk.Files.Where(f => f.Key.StartsWith("journal")).Select(f => f.Value))
            {
                var bytes = file.Content;
                for (var at = 0; at + 4096 <= bytes.Length; at += 4096)
                {
                    var generation = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at + 16));
                    var sequence = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12));
                    if (bytes[at + 8] == 'S' && (last.File is null || generation > last.Generation
                        || (generation == last.Generation && sequence >= last.Sequence)))
                    {
                        last = (file, at, generation, sequence);
                    }
                }
            }

            if (last.File is { } journal && last.Sequence > 0)
            {
                journal.Write(last.At, new byte[4096]);
            }
        }
    }

    /// <summary>Syncs of these names return and do nothing.</summary>
    public sealed class SkipsSyncsOf(Func<string, bool> names) : Seams
    {
        public override void Started(SimulatedDisk disk) => disk.IgnoresSyncOf = names;
    }

    /// <summary>A full inlet drops what is newest.</summary>
    public sealed class DropsTheNewest : Seams
    {
        private int turn;

        public override ReadOnlySpan<Reading> Appended(ReadOnlySpan<Reading> readings) =>
            ++turn % 50 == 0 ? readings[..^1] : readings;
    }

    /// <summary>Stores a reading twice.</summary>
    public sealed class AppendsTwice : Seams
    {
        private int turn;

        public override ReadOnlySpan<Reading> Appended(ReadOnlySpan<Reading> readings) =>
            ++turn % 50 == 0 ? (Reading[])[.. readings, readings[^1]] : readings;
    }

    /// <summary>Commits when it suits it, not when it promised.</summary>
    public sealed class CommitsLate : Seams
    {
        public override TimeSpan CommitEvery(TimeSpan configured) => configured * 4;
    }

    /// <summary>Takes twice what it may of the line.</summary>
    public sealed class SendsTwiceAsFast : Seams
    {
        public override long RateMax(long configured) => configured * 2;
    }

    /// <summary>History goes out as if it were the present.</summary>
    public sealed class LosesTheHistoricalFlag : Seams
    {
        public override byte[] Bytes(OutboundMessage message, byte[] payload) =>
            Replaced(payload, "\"historical\":true", "\"historical\":false");
    }

    /// <summary>The ledger does not say what was dropped.</summary>
    public sealed class OmitsDrops : Seams
    {
        public override BufferView View(BufferView view) => view with
        {
            Stores = [.. view.Stores.Select(store => store with { Drops = [], DroppedCount = 0 })],
        };
    }

    /// <summary>Hands out a reading that waits for its commit.</summary>
    public sealed class HandsOutWhatIsNotDurable : Seams
    {
        private Reading? newest;

        public override ReadOnlySpan<Reading> Appended(ReadOnlySpan<Reading> readings)
        {
            newest = readings[^1];
            return readings;
        }

        public override BufferView View(BufferView view) => view with
        {
            Stores = [.. view.Stores.Select((store, index) =>
                index < view.Stores.Count - 1 ? store : store with { Next = store.Next + 1 })],
        };

        public override void Peeked(StoreId store, StoredBatch batch)
        {
            if (batch.Count == 0 && newest is { } reading)
            {
                batch.Add(new StoredReading(
                    1_000_000, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp));
            }
        }
    }

    /// <summary>A message that is sent again is made anew, and comes out differently.</summary>
    public sealed class ResendsOtherBytes : Seams
    {
        private readonly HashSet<string> sent = [];

        public override byte[] Bytes(OutboundMessage message, byte[] payload)
        {
            var text = Encoding.UTF8.GetString(payload);
            var readings = text.IndexOf("\"readings\"", StringComparison.Ordinal);
            return message.Retain || sent.Add(text[readings..])
                ? payload
                : Replaced(payload, "\"t\":\"2026", "\"t\":\"2027");
        }
    }

    /// <summary>While live readings come, history does not get its share.</summary>
    public sealed class StarvesHistory : Seams
    {
        private long next;

        public override BufferView View(BufferView view)
        {
            next = view.Stores[^1].Next;
            return view;
        }

        public override WorkStep Step(WorkStep step) =>
            step.Kind == WorkKind.ReadReadings && step.Wanted.From < next - 20 ? new WorkStep(WorkKind.Sleep) : step;
    }

    /// <summary>After the first reconnect nobody tells the publisher that there is something new.</summary>
    public sealed class LosesTheWakeAfterAReconnect : Seams
    {
        public override bool Wakes(long connection) => connection < 2;
    }

    /// <summary>One message in a hundred is overtaken by those behind it.</summary>
    public sealed class LetsMessagesOvertake : Seams
    {
        private int messages;

        public override TimeSpan Delay(OutboundMessage message) =>
            ++messages % 20 == 0 ? TimeSpan.FromMinutes(2) : TimeSpan.Zero;
    }

    /// <summary>The ledger says a third of the time that the backlog takes.</summary>
    public sealed class PromisesAnEarlyEnd : Seams
    {
        public override byte[] Bytes(OutboundMessage message, byte[] payload) => Encoding.UTF8.GetBytes(
            CatchUp().Replace(Encoding.UTF8.GetString(payload), found =>
                $"\"catchUpSeconds\":{int.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) / 3}"));
    }

    /// <summary>What goes out lies somewhere for more than a minute.</summary>
    public sealed class LetsEverythingWait : Seams
    {
        public override TimeSpan Delay(OutboundMessage message) => TimeSpan.FromSeconds(80);
    }

    /// <summary>A bit flips between checksum and encoder.</summary>
    public sealed class ServesAWrongReading : Seams
    {
        private int reads;

        public override void Peeked(StoreId store, StoredBatch batch)
        {
            if (++reads % 40 > 0 || batch.Count == 0)
            {
                return;
            }

            var first = batch.Readings[0];
            var rest = batch.Readings.Skip(1).ToArray();
            batch.Clear();
            batch.Add(first with { SourceTimestamp = first.SourceTimestamp.AddMilliseconds(1) });
            rest.ToList().ForEach(reading => batch.Add(reading));
        }
    }

    /// <summary>Deletes nothing, whatever room is needed.</summary>
    public sealed class NeverDeletes : Seams
    {
        public override IStorage Storage(IStorage storage) => new Keeping(storage);

        private sealed class Keeping(IStorage inner) : IStorage
        {
            public long FreeBytes => inner.FreeBytes;

            public DateTime NowUtc => inner.NowUtc;

            public IReadOnlyList<StorageEntry> List() => inner.List();

            public IStorageFile Open(string name, bool create) => inner.Open(name, create);

            public void Rename(string from, string to) => inner.Rename(from, to);

            public void Delete(string name)
            {
                // As if it had been.
            }

            public void SyncDirectory() => inner.SyncDirectory();

            public void Dispose() => inner.Dispose();
        }
    }

    [GeneratedRegex("\"catchUpSeconds\":([0-9]+)")]
    private static partial Regex CatchUp();

    private static byte[] Replaced(byte[] payload, string old, string by) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(payload).Replace(old, by, StringComparison.Ordinal));
}
