using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Plant.Demo;

/// <summary>One line of the table.</summary>
public sealed record SignalRow(
    string Name, string Value, string Unit, string Quality, string Reason, TimeSpan? Age, double PerSecond);

/// <summary>Everything that the table shows, at one moment.</summary>
public sealed record DemoView
{
    public required string Gateway { get; init; }

    public required TimeSpan Running { get; init; }

    public required bool BrokerUp { get; init; }

    public required bool PlcAnswers { get; init; }

    /// <summary>online, offline with its reason, or why the MES cannot know.</summary>
    public required string Link { get; init; }

    public required string Storage { get; init; }

    /// <summary>Readings that the gateway holds and that did not arrive yet, by its last ledger.</summary>
    public required long Waiting { get; init; }

    public required long? CatchUpSeconds { get; init; }

    public required long Readings { get; init; }

    public required double PerSecond { get; init; }

    public required long Gaps { get; init; }

    public required long Duplicates { get; init; }

    public required long Historical { get; init; }

    public required long Violations { get; init; }

    public required IReadOnlyList<SignalRow> Rows { get; init; }

    /// <summary>What happened, the newest last.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    public double HistoricalShare => Readings == 0 ? 0 : (double)Historical / Readings;

    public static DemoView Of(
        StreamLedger ledger, string gateway, DateTimeOffset now, TimeSpan running, bool brokerUp, bool plcAnswers)
    {
        var stream = ledger.Gateway(gateway);
        var lost = stream.Lost;
        var waiting = stream.OpenGaps - lost;
        return new DemoView
        {
            Gateway = gateway,
            Running = running,
            BrokerUp = brokerUp,
            PlcAnswers = plcAnswers,
            Link = Word(stream.Status),
            Storage = stream.Birth?.Storage ?? "unknown",
            Waiting = waiting,
            CatchUpSeconds = waiting == 0 ? null : stream.Ledger?.CatchUpSeconds,
            Readings = stream.Readings,
            PerSecond = stream.Signals.Values.Sum(signal => signal.Rate(now)),
            Gaps = lost,
            Duplicates = stream.Duplicates,
            Historical = stream.Historical,
            Violations = ledger.ViolationCount,
            Rows = [.. stream.Signals.Values.Select(signal => Row(signal, now))],
        };
    }

    private static string Word(StatusMessage? status) => status switch
    {
        null => "not seen yet",
        { IsOnline: true } => "online",
        _ => $"offline ({status.Reason})",
    };

    private static SignalRow Row(SignalStream signal, DateTimeOffset now) => new(
        signal.Name,
        signal.Current is not { } reading ? "" : reading.ValueKind == System.Text.Json.JsonValueKind.Null ? "-"
            : reading.Value,
        signal.Unit,
        signal.Current?.Quality ?? "",
        signal.Current?.Reason ?? "",
        signal.Age(now),
        signal.Rate(now));
}
