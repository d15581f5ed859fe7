using Sluice.Agent.Health;

namespace Sluice.Agent.Watching;

/// <summary>One picture of the live view: everything is decided, and nothing is drawn yet.</summary>
internal sealed record WatchView
{
    public required StatusReport Report { get; init; }

    /// <summary>Why there is no newer report; empty where this is the newest.</summary>
    public string Silence { get; init; } = "";

    /// <summary>Readings a second that the sources hand to the buffer, and that the broker acknowledges; null before
    /// two reports.</summary>
    public double? ReadPerSecond { get; init; }

    public double? AcknowledgedPerSecond { get; init; }

    /// <summary>Bytes of payload a second that the broker acknowledges.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>Their courses, oldest first.</summary>
    public IReadOnlyList<double?> AcknowledgedCourse { get; init; } = [];

    public IReadOnlyList<double?> WaitingCourse { get; init; } = [];

    /// <summary>Of the broker's PUBACK, in seconds.</summary>
    public IReadOnlyList<double?> AnswerCourse { get; init; } = [];

    /// <summary>Of each source, by name: readings a second.</summary>
    public IReadOnlyDictionary<string, double?> SourceRates { get; init; } = new Dictionary<string, double?>();

    public IReadOnlyList<WatchedSignal> Signals { get; init; } = [];
}

/// <param name="Status">The latest reading.</param>
/// <param name="Course">Its values, oldest first; null where it was not Good.</param>
internal sealed record WatchedSignal(SignalStatus Status, IReadOnlyList<double?> Course);
