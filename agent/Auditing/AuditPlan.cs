using System.Globalization;

namespace Sluice.Agent.Auditing;

/// <summary>
/// Decides which lines the running agent writes into the audit log, and when. A core; time is monotonic.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Everything that is told is a line, or is counted in one; what waits for the disk is bounded by
/// <see cref="QueueMax"/>, and above that it is counted.</item>
/// <item>Of each kind go <see cref="Burst"/> lines at once and one in <see cref="Every"/> for ever; the rest is one
/// line in <see cref="Every"/> that says how many of what. So whoever floods the broker fills no disk, and pushes no
/// older line out of the log within weeks.</item>
/// <item>Of one kind, lines go in the order in which they were told.</item>
/// </list>
/// </summary>
internal sealed class AuditPlan
{
    public const int QueueMax = 128;
    public const int Burst = 20;
    public static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>Words under which one line counts; what has another one is counted as the rest.</summary>
    public const int WordsMax = 12;

    private readonly Queue<TimedNote> queue = new();
    private readonly Dictionary<AuditKind, Bound> bounds = [];

    /// <summary>Lines that wait.</summary>
    public int Waiting => queue.Count;

    /// <summary>What was told and is in no line yet but will be counted in one.</summary>
    public long Folded => bounds.Values.Sum(bound => bound.Fold?.Count ?? 0);

    public void Tell(TimedNote told, TimeSpan now)
    {
        if (!bounds.TryGetValue(told.Note.Kind, out var bound))
        {
            bounds.Add(told.Note.Kind, bound = new Bound());
        }

        // While some are counted all are: else the line that counts would come behind later ones.
        if (bound.Fold is null && told.Note.Count == 1 && queue.Count < QueueMax && bound.Takes(now))
        {
            queue.Enqueue(told);
            return;
        }

        bound.Fold ??= new Fold(now);
        bound.Fold.Add(told);
    }

    /// <summary>The line that is to be written now, until <see cref="Written"/> says that it is; or null.</summary>
    /// <param name="now">Monotonic.</param>
    /// <param name="isLast">The agent stops: also what would be counted later.</param>
    public TimedNote? Next(TimeSpan now, bool isLast)
    {
        foreach (var bound in bounds.Values)
        {
            if (bound.Fold is { } fold && queue.Count < QueueMax && (isLast || now - fold.Since >= Every))
            {
                queue.Enqueue(fold.Line());
                bound.Fold = null;
            }
        }

        return queue.TryPeek(out var next) ? next : null;
    }

    public void Written() => queue.Dequeue();

    /// <summary>How long until a line may be due by time alone; null: not before something is told.</summary>
    public TimeSpan? Wait(TimeSpan now)
    {
        TimeSpan? least = null;
        foreach (var fold in bounds.Values.Select(bound => bound.Fold).OfType<Fold>())
        {
            var left = fold.Since + Every - now;
            least = left > TimeSpan.Zero ? (least < left ? least : left) : TimeSpan.Zero;
        }

        return least;
    }

    private sealed class Bound
    {
        private double allowance = Burst;
        private TimeSpan countedAt;

        public Fold? Fold { get; set; }

        public bool Takes(TimeSpan now)
        {
            allowance = Math.Min(Burst, allowance + ((now - countedAt) / Every));
            countedAt = now;
            if (allowance < 1)
            {
                return false;
            }

            allowance--;
            return true;
        }
    }

    private sealed class Fold(TimeSpan since)
    {
        private readonly Dictionary<string, long> words = [];
        private TimedNote? first;
        private TimedNote? last;

        public TimeSpan Since => since;

        public long Count { get; private set; }

        public void Add(TimedNote told)
        {
            first ??= told;
            last = told;
            Count += told.Note.Count;
            var word = told.Note.Counted.Length > 0 ? told.Note.Counted : told.Note.Verb;
            if (!words.ContainsKey(word) && words.Count >= WordsMax)
            {
                word = "others";
            }

            words[word] = words.GetValueOrDefault(word) + told.Note.Count;
        }

        /// <summary>Something was added.</summary>
        public TimedNote Line()
        {
            var (from, to) = (first!, last!);
            var kinds = words.OrderBy(each => each.Key, StringComparer.Ordinal)
                .Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Value} {each.Key}"));
            return new TimedNote(
                new AuditNote(from.Note.Kind, from.Note.Verb, from.Note.Result, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Count} more from {from.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z to "
                    + $"{to.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, counted in this line: {string.Join(", ", kinds)}."))
                {
                    From = "several", Count = Count,
                },
                to.At);
        }
    }
}
