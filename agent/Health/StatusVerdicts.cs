using System.Globalization;

namespace Sluice.Agent.Health;

/// <summary>
/// What a person should make of each part of a status report: a plain verdict. A core, and the only place where it is
/// decided what counts as fine, so that screen and live view never disagree.
/// </summary>
internal static class StatusVerdicts
{
    /// <summary>A certificate that has less than this left should have been renewed.</summary>
    private static readonly TimeSpan CertificateLooked = TimeSpan.FromDays(14);

    /// <summary>A connection that was made this long ago at most may still be empty.</summary>
    private static readonly TimeSpan Starting = TimeSpan.FromSeconds(30);

    /// <summary>The store takes its oldest acknowledged readings away from here on; what waits must not come near it.
    /// </summary>
    private const double FullAbove = 0.8;

    public static Verdict Uplink(StatusReport report) => report.Uplink switch
    {
        { Contested: true } => Verdict.Bad,
        { State: "connected", Sentence.Length: > 0 } => Verdict.Look,
        { State: "connected" } => Verdict.Ok,
        { State: "connecting" } when report.UptimeSeconds < Starting.TotalSeconds => Verdict.Look,
        _ => Verdict.Bad,
    };

    public static Verdict Certificate(StatusReport report) => report.Identity switch
    {
        null => Verdict.Unknown,
        { State: not "in use" } => Verdict.Bad,
        { NotAfter: null } => Verdict.Unknown,
        { NotAfter: { } until } when until <= report.Now => IsClockSet(report) ? Verdict.Bad : Verdict.Look,
        { NotAfter: { } until } when until - report.Now < CertificateLooked => Verdict.Look,
        _ => report.Renewal is { Failures: > 0 } or { Held: true } ? Verdict.Look : Verdict.Ok,
    };

    public static Verdict Buffer(BufferStatus buffer) => buffer switch
    {
        { Fault.Length: > 0 } => Verdict.Bad,
        { Storage: not "disk" } => Verdict.Bad,
        _ when buffer.Stores.Any(store => store.Dropped > 0) || Fill(buffer) > FullAbove => Verdict.Look,
        _ => Verdict.Ok,
    };

    /// <summary>
    /// Share of buffer.sizeMax that is taken by stores with something that waits; null where nobody says how large it
    /// may be. Acknowledged readings stay for replay and are no burden: a store without anything waiting counts none.
    /// </summary>
    public static double? Fill(BufferStatus buffer) => buffer.SizeBytesMax <= 0 ? null
        : Math.Min(1, buffer.Stores.Sum(Burden) / buffer.SizeBytesMax);

    public static Verdict Clock(StatusReport report) => report.Clock switch
    {
        null => Verdict.Unknown,
        { State: "set" } => Verdict.Ok,
        _ => Verdict.Bad,
    };

    public static Verdict Jail(JailStatus? jail) => jail switch
    {
        null => Verdict.Unknown,
        _ when IsOpen(jail.Proof) || IsOpen(jail.HostRules) => Verdict.Bad,
        { Landlock: >= 4, Filters: true } => Verdict.Ok,
        { Landlock: > 0, Filters: true } => jail.HostRules is null ? Verdict.Look : Verdict.Ok,
        _ => Verdict.Look,
    };

    public static Verdict Configuration(ConfigurationStatus configuration) =>
        configuration.Origin == "last-good" ? Verdict.Bad : Verdict.Ok;

    /// <summary>A machine that is switched off is no fault of the gateway, and still nobody's data.</summary>
    public static Verdict Source(SourceStatus source) => source switch
    {
        { Good: 0, Uncertain: 0, Bad: > 0 } => Verdict.Bad,
        { Uncertain: 0, Bad: 0, Sentence: "" } => Verdict.Ok,
        _ => Verdict.Look,
    };

    public static Verdict Unit(UnitStatus unit) => unit.State switch
    {
        "silent" => Verdict.Bad,
        "not read" => Verdict.Unknown,
        _ => unit.Good == unit.Signals ? Verdict.Ok : Verdict.Look,
    };

    public static Verdict Signal(SignalStatus signal) =>
        signal.Quality.StartsWith("Good", StringComparison.Ordinal) ? Verdict.Ok
            : signal.Quality.StartsWith("Bad", StringComparison.Ordinal) ? Verdict.Bad : Verdict.Look;

    /// <summary>How long ago, in a word that fits a column; empty for never.</summary>
    public static string Age(DateTime? at, DateTime now) => at is not { } moment ? ""
        : (now - moment) switch
        {
            { TotalSeconds: < 0 } => "ahead",
            { TotalSeconds: < 100 } age => Invariant($"{age.TotalSeconds:0.0} s"),
            { TotalMinutes: < 100 } age => Invariant($"{age.TotalMinutes:0} min"),
            { TotalHours: < 100 } age => Invariant($"{age.TotalHours:0} h"),
            var age => Invariant($"{age.TotalDays:0} d"),
        };

    private static bool IsClockSet(StatusReport report) => report.Clock is not { State: not "set" };

    private static bool IsOpen(ProofStatus? proof) => proof?.Attempts.Any(each => each.Verdict == "open") == true;

    private static double Burden(StoreStatus store) => store.Waiting == 0 || store.Volatile ? 0
        : store.SizeBytes * Math.Min(1, store.Waiting / (double)Math.Max(1, store.Next - store.First));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
