using System.Globalization;

namespace Sluice.Plant.World;

/// <summary>What happened, in short: the last events, and how often each kind came.</summary>
internal sealed class Story(WorldClock clock, Action<string>? tell)
{
    private const int LastMax = 30;

    private readonly SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly Queue<string> last = new();

    public IReadOnlyDictionary<string, int> Counts => counts;

    public IReadOnlyList<string> Last => [.. last];

    public void Tell(string sentence)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{clock.Now:d\\.hh\\:mm\\:ss\\.fff}  {sentence}");
        last.Enqueue(line);
        if (last.Count > LastMax)
        {
            last.Dequeue();
        }

        tell?.Invoke(line);
    }

    public void Count(string what) => counts[what] = counts.GetValueOrDefault(what) + 1;
}

/// <summary>How a world went.</summary>
internal sealed record WorldReport
{
    public required int Seed { get; init; }

    public required TimeSpan Lived { get; init; }

    /// <summary>What must not have happened; null where nothing did.</summary>
    public required WorldFaultException? Fault { get; init; }

    public required long Given { get; init; }

    public required long Arrived { get; init; }

    public required long Duplicates { get; init; }

    public required long Messages { get; init; }

    public required long LostInWindow { get; init; }

    public required long LostWithMemory { get; init; }

    public required long LostByBroker { get; init; }

    public required long Dropped { get; init; }

    /// <summary>Of these, what memory had no room for while the disk failed.</summary>
    public required long DroppedFromMemory { get; init; }

    /// <summary>Payload that was handed to the line.</summary>
    public required long SentBytes { get; init; }

    /// <summary>The busiest ten seconds of that.</summary>
    public required double BusiestBytesPerSecond { get; init; }

    /// <summary>Arrived with the right time, which they got when the clock was set.</summary>
    public required long Corrected { get; init; }

    /// <summary>Arrived with the word that the clock was not set.</summary>
    public required long ClockNotSet { get; init; }

    public required IReadOnlyDictionary<string, int> Counts { get; init; }

    public required IReadOnlyList<string> LastEvents { get; init; }

    /// <summary>Seed, fault and last events: what brings it back.</summary>
    public override string ToString() =>
        $"make sim SEED={Seed}: {Fault?.Message ?? "all is well"}\n  {string.Join("\n  ", LastEvents)}";
}
