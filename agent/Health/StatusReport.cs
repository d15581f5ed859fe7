using System.Text.Json.Serialization;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Health;

/// <summary>
/// What <c>sluice-agent status</c> shows, and what it prints with <c>--json</c>: one document, made when somebody asks.
/// Durations in seconds, sizes in bytes, times UTC. Fields are only ever added.
/// </summary>
public sealed record StatusReport
{
    public required string Gateway { get; init; }

    public required string Version { get; init; }

    public required DateTime Now { get; init; }

    /// <summary>Since the agent started, monotonic.</summary>
    public required double UptimeSeconds { get; init; }

    public required ConfigurationStatus Configuration { get; init; }

    public required UplinkStatus Uplink { get; init; }

    public required BufferStatus Buffer { get; init; }

    public required IReadOnlyList<SourceStatus> Sources { get; init; }

    /// <summary>Null where nobody watches the clock.</summary>
    public ClockStatus? Clock { get; init; }

    /// <summary>Null where an older agent answers.</summary>
    public IdentityStatus? Identity { get; init; }

    /// <summary>The gateway's certificate and its renewal; null where an older agent answers.</summary>
    public RenewalStatus? Renewal { get; init; }

    /// <summary>What the plant's CA publishes for all gateways; null where an older agent answers.</summary>
    public TrustStatus? Trust { get; init; }

    /// <summary>What locks the agent in; null where an older agent answers.</summary>
    public JailStatus? Jail { get; init; }

    /// <summary>What a technician should know or do, most urgent first; empty when all is well.</summary>
    public required IReadOnlyList<string> Attention { get; init; }
}

/// <param name="State"><c>idle</c>, or the step that the renewal is at: asking, staging, proving, activating, moving,
/// confirming, retiring, returning.</param>
/// <param name="Sentence">Why it does not go on, or did not; empty where nothing is wrong.</param>
/// <param name="Version">Of the identity in use; empty where there is none.</param>
/// <param name="Serial">Of its certificate.</param>
/// <param name="NotAfter">When that expires; null where there is none.</param>
/// <param name="Due">When it is renewed.</param>
public sealed record RenewalStatus(
    string State, string Sentence, string Version, string Serial, DateTimeOffset? NotAfter, DateTimeOffset? Due)
{
    /// <summary>Counts renewals that began since start.</summary>
    public long Run { get; init; }

    /// <summary>A person decides at the registration authority.</summary>
    public bool Held { get; init; }

    /// <summary>Renewals that were confirmed since start.</summary>
    public long Renewed { get; init; }

    /// <summary>Tries that failed, one after the other.</summary>
    public int Failures { get; init; }

    /// <summary>Messages to the reply topic that answered nothing that was asked, since start.</summary>
    public long Foreign { get; init; }

    /// <summary>How often somebody asked for one at this socket, and how many of these asks were taken up.</summary>
    public long Asked { get; init; }

    public long AsksTaken { get; init; }

    /// <summary>The steps of the present renewal, or of the last one.</summary>
    public IReadOnlyList<VerbStep> Steps { get; init; } = [];
}

/// <param name="Version">The newest trust bundle that was ever taken in; 0 for none.</param>
/// <param name="Taken">Taken in since start.</param>
/// <param name="Refused">Refused since start.</param>
/// <param name="Sentence">Why the last one was not taken in; empty where it was.</param>
public sealed record TrustStatus(int Version, long Taken, long Refused, string Sentence);

/// <param name="Hash">SHA-256 of the configuration that runs.</param>
/// <param name="Origin">
/// <c>file</c>; <c>last-good</c> when the file was refused; <c>bundle 0005</c> where it came with that version.
/// </param>
/// <param name="Problems">Why the file was refused.</param>
public sealed record ConfigurationStatus(string Hash, string Origin, IReadOnlyList<string> Problems);

/// <param name="State"><c>in use</c>, <c>none</c>, or <c>withdrawn</c>: revoked, or its revocation list is too late.
/// </param>
/// <param name="Version">Its folder in the identity directory.</param>
/// <param name="Serial">The certificate's number.</param>
/// <param name="NotAfter">Until when the certificate is valid.</param>
/// <param name="RevocationLists">Those of its authorities.</param>
public sealed record IdentityStatus(
    string State, string Version, string Serial, DateTime? NotAfter,
    IReadOnlyList<RevocationListStatus> RevocationLists);

/// <param name="Issuer">Whose list it is.</param>
/// <param name="ThisUpdate">When it was made.</param>
/// <param name="NextUpdate">By when it should be replaced; null where it does not say.</param>
public sealed record RevocationListStatus(string Issuer, DateTime ThisUpdate, DateTime? NextUpdate);

/// <param name="State"><c>set</c>, or <c>not set</c> before the first synchronisation of this boot.</param>
/// <param name="Boot">Which boot.</param>
/// <param name="Steps">How often the clock was moved, as far as it is known.</param>
/// <param name="LastGap">When nothing was recorded, the last time; empty where that never was.</param>
public sealed record ClockStatus(string State, string Boot, long Steps, string LastGap);

/// <param name="State">One word: connected, connecting, refused ...</param>
/// <param name="Sentence">What is wrong and what to do, or empty.</param>
/// <param name="Since">When this state began.</param>
/// <param name="InFlight">Messages handed to the broker and not acknowledged yet.</param>
/// <param name="Acknowledged">Readings that the broker acknowledged since start.</param>
public sealed record UplinkStatus(string State, string Sentence, DateTime Since, int InFlight, long Acknowledged)
{
    /// <summary>Bytes of payload that those took.</summary>
    public long AcknowledgedBytes { get; init; }

    /// <summary>Asks of the MES that were granted, and those that were refused, since start.</summary>
    public long AsksGranted { get; init; }

    public long AsksRefused { get; init; }

    /// <summary>Others that connected under this gateway's id since start.</summary>
    public long TakenOver { get; init; }

    /// <summary>Sessions that the broker closed without a word since start.</summary>
    public long ClosedWordless { get; init; }

    /// <summary>Either happens again and again.</summary>
    public bool Contested { get; init; }

    /// <summary>The broker's address, and the card by which alone the connection goes; empty without one.</summary>
    public string Address { get; init; } = "";

    public string Card { get; init; } = "";

    /// <summary>What waits on each way out; null where an older agent answers.</summary>
    public LanesStatus? Lanes { get; init; }

    /// <summary>How long the broker takes to acknowledge; null before the first message of readings.</summary>
    public AnswerStatus? Answers { get; init; }
}

/// <param name="Storage"><c>disk</c> or <c>memory</c>.</param>
/// <param name="Fault">What the storage said, or empty.</param>
/// <param name="Waiting">Readings that nobody has acknowledged yet.</param>
/// <param name="Stores">Each store's account, the one being written last.</param>
public sealed record BufferStatus(string Storage, string Fault, long Waiting, IReadOnlyList<StoreStatus> Stores)
{
    /// <summary>What the disk has to bear; null where an older agent answers.</summary>
    public FlashStatus? Flash { get; init; }

    /// <summary>buffer.sizeMax; 0 where an older agent answers.</summary>
    public long SizeBytesMax { get; init; }

    /// <summary>buffer.commitEvery: what a power cut may cost.</summary>
    public double CommitEverySeconds { get; init; }
}

/// <param name="BytesWritten">Handed to the disk by the buffer since start, in whole pages.</param>
/// <param name="Syncs">Of files and directories since start.</param>
/// <param name="BytesPerDay">At the rate since start; null in the first minute.</param>
/// <param name="EnduranceBytes">buffer.flashEndurance.</param>
/// <param name="LifeYears">How long the flash lasts at this rate, at best; null where nobody can say.</param>
/// <param name="SealedReadings">Readings in sealed segments.</param>
/// <param name="SealedBytes">Bytes that these segments take.</param>
public sealed record FlashStatus(
    long BytesWritten, long Syncs, double? BytesPerDay, long EnduranceBytes, double? LifeYears, long SealedReadings,
    long SealedBytes);

/// <param name="Store">Store id.</param>
/// <param name="Volatile">True where a stop loses it.</param>
/// <param name="First">Oldest position held.</param>
/// <param name="Next">Everything below is durable.</param>
/// <param name="Waiting">Held and not acknowledged.</param>
/// <param name="Dropped">Readings dropped, ever.</param>
/// <param name="SizeBytes">Bytes taken.</param>
public sealed record StoreStatus(
    string Store, bool Volatile, long First, long Next, long Waiting, long Dropped, long SizeBytes);

/// <param name="Name">The source.</param>
/// <param name="State">One word of the source.</param>
/// <param name="Sentence">What is wrong and what to do, or empty.</param>
/// <param name="Good">Signals whose latest reading is Good.</param>
/// <param name="Uncertain">Signals whose latest reading is Uncertain.</param>
/// <param name="Bad">Signals whose latest reading is Bad or missing.</param>
/// <param name="Reason">Commonest reason among those not Good.</param>
/// <param name="LastTookSeconds">How long the latest turn took.</param>
/// <param name="Skipped">Turns skipped because the one before took too long.</param>
/// <param name="Reported">Readings handed to the buffer since start.</param>
/// <param name="Counters">The source's own counters.</param>
public sealed record SourceStatus(
    string Name,
    string State,
    string Sentence,
    int Good,
    int Uncertain,
    int Bad,
    string Reason,
    double LastTookSeconds,
    long Skipped,
    long Reported,
    IReadOnlyDictionary<string, long> Counters)
{
    /// <summary>What it reads: address and port, serial port or chip. Empty where an older agent answers.</summary>
    public string Device { get; init; } = "";

    /// <summary>Its Modbus units, by number; empty where it has none.</summary>
    public IReadOnlyList<UnitStatus> Units { get; init; } = [];

    /// <summary>The latest reading of each signal, in the order of the list; of a long list, as many as there is room
    /// for (<see cref="SignalViews.ListedMax"/>), those that are not Good before others.</summary>
    public IReadOnlyList<SignalStatus> Signals { get; init; } = [];

    /// <summary>Signals that are not listed for want of room.</summary>
    public int Unlisted { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
public sealed partial class StatusJson : JsonSerializerContext;

/// <param name="Landlock">The kernel's version of it that fences files, and from 4 on TCP ports; 0: none.</param>
/// <param name="Filters">System calls are filtered.</param>
/// <param name="Sentence">The same for a person, and what is missing.</param>
public sealed record JailStatus(int Landlock, bool Filters, string Sentence)
{
    /// <summary>The last time that the agent tried its walls; null where it did not.</summary>
    public ProofStatus? Proof { get; init; }

    /// <summary>The last time that the host's rules were tried from outside the jail; null where nobody did in this
    /// boot.</summary>
    public ProofStatus? HostRules { get; init; }
}

/// <param name="Number">Of this run, from 1.</param>
/// <param name="Utc">When.</param>
/// <param name="Attempts">Each attempt and what became of it.</param>
public sealed record ProofStatus(int Number, DateTime Utc, IReadOnlyList<AttemptStatus> Attempts);

/// <param name="Attempt">Its word in the posture.</param>
/// <param name="Tried">The same for a person.</param>
/// <param name="Verdict"><c>held</c>, <c>open</c> or <c>untried</c>.</param>
/// <param name="By">What stopped it; empty where nothing did.</param>
public sealed record AttemptStatus(string Attempt, string Tried, string Verdict, string By);
