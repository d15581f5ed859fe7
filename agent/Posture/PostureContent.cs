using System.Globalization;
using System.Runtime.InteropServices;
using Sluice.Agent.Buffering;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Posture;

/// <summary>What the machine shows of itself when somebody looks.</summary>
/// <param name="Listeners">Sockets of this process that take something from the network; null where nobody can
/// count.</param>
/// <param name="Disk">The file system under the buffer; null where it cannot be asked.</param>
public sealed record HostSighting(int? Listeners, DiskSpace? Disk)
{
    /// <summary>The newest line of the audit log; null where there is none, or it cannot be read.</summary>
    public AuditHead? Audit { get; init; }

    /// <summary>What locks the agent in, and whether it holds.</summary>
    internal EgressFacts? Egress { get; init; }
}

/// <param name="Jail">Which walls stand.</param>
/// <param name="Proof">What came of trying them; null before the first time and where none stands.</param>
internal sealed record EgressFacts(JailStanding Jail, ProofView? Proof)
{
    /// <summary>What came of trying the host's rules from outside the jail; null: nobody did in this boot.</summary>
    public ProofView? HostRules { get; init; }

    /// <summary>With only those attempts that nothing stopped.</summary>
    public EgressFacts Brief => this with { Proof = Open(Proof), HostRules = Open(HostRules) };

    public bool IsNewsTo(EgressFacts? told) =>
        told is null || Jail != told.Jail || IsOther(Proof, told.Proof) || IsOther(HostRules, told.HostRules);

    private static ProofView? Open(ProofView? proof) =>
        proof is null ? null : proof with { Attempts = [.. proof.Open] };

    private static bool IsOther(ProofView? proof, ProofView? told) =>
        proof is null ? told is not null : !proof.SaysTheSameAs(told);
}

/// <param name="Line">The number of the line.</param>
/// <param name="Hash">SHA-256 of it, lower-case hex.</param>
public sealed record AuditHead(long Line, string Hash)
{
    /// <summary>As the log says it: number, blank, hash.</summary>
    public static AuditHead? Of(string head) =>
        head.Split(' ') is [var number, var hash]
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var line)
            ? new AuditHead(line, hash)
            : null;
}

/// <param name="SizeBytes">Of the whole file system.</param>
/// <param name="FreeBytes">What the agent's user may still take of it.</param>
public readonly record struct DiskSpace(long SizeBytes, long FreeBytes);

/// <summary>By what the gateway judges, now.</summary>
/// <param name="Version">Of the trust bundle; 0 for none.</param>
/// <param name="RevocationLists">Those in use.</param>
internal sealed record TrustFacts(int Version, IReadOnlyList<RevocationFacts> RevocationLists)
{
    public bool IsSame(TrustFacts? other) => other is not null && Version == other.Version
        && RevocationLists.SequenceEqual(other.RevocationLists);
}

/// <summary>What this build is and what it runs on: the same from start to stop.</summary>
/// <param name="Agent">Version of the agent.</param>
/// <param name="Runtime">Of .NET.</param>
/// <param name="Platform">Operating system and processor, as .NET names them.</param>
/// <param name="System">The distribution.</param>
/// <param name="Kernel">Its version.</param>
internal sealed record SoftwareFacts(string Agent, string Runtime, string Platform, string System, string Kernel)
{
    private const int CharactersMax = 64;
    private const string KernelFile = "/proc/sys/kernel/osrelease";

    /// <summary>This machine.</summary>
    public static SoftwareFacts Here { get; } = new(
        AgentVersion.Text, Short(RuntimeInformation.FrameworkDescription), Short(RuntimeInformation.RuntimeIdentifier),
        Short(RuntimeInformation.OSDescription), Short(KernelVersion()));

    private static string KernelVersion()
    {
        try
        {
            return File.ReadAllText(KernelFile).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return Environment.OSVersion.Version.ToString();
        }
    }

    private static string Short(string text) => FileNode.Clip(text, CharactersMax);
}

/// <summary>What a posture says besides who speaks and when. Immutable.</summary>
internal sealed record PostureContent
{
    /// <summary>A disk that fills or empties is news in steps of this part of it.</summary>
    private const int StepsOfDisk = 20;

    public required HostSighting Host { get; init; }

    /// <summary>Null where the link has no such thing.</summary>
    public SessionFacts? Session { get; init; }

    /// <summary>The trust bundle in use; 0 where roots and lists came with the certificate.</summary>
    public int TrustVersion { get; init; }

    /// <summary>Clock, and why the agent runs; null where nobody watches a clock.</summary>
    public RecordView? Record { get; init; }

    /// <summary><c>disk</c> or <c>memory</c>.</summary>
    public required string Storage { get; init; }

    /// <summary>Others that connected under this gateway's id since start, and whether that is an alarm now.</summary>
    public long TakenOver { get; init; }

    /// <summary>Sessions that the broker closed without a word.</summary>
    public long ClosedWordless { get; init; }

    public bool IsContested { get; init; }

    public required long BufferBytes { get; init; }

    public required long BufferBytesMax { get; init; }

    /// <summary>At the rate since the start; null in the first minute.</summary>
    public double? WrittenBytesPerDay { get; init; }

    /// <summary>Something that somebody should hear of before the day is over; not each byte that is written.</summary>
    public bool IsNewsTo(PostureContent told) =>
        Session != told.Session
        || TrustVersion != told.TrustVersion
        || Host.Listeners != told.Host.Listeners
        || Host.Audit != told.Host.Audit
        || Host.Egress?.IsNewsTo(told.Host.Egress) == true
        || Host.Disk?.SizeBytes != told.Host.Disk?.SizeBytes
        || Storage != told.Storage
        || IsContested != told.IsContested
        || Record?.Clock.IsSet != told.Record?.Clock.IsSet
        || Record?.StepsTotal != told.Record?.StepsTotal
        || HasMoved(Host.Disk?.FreeBytes, told.Host.Disk?.FreeBytes, Host.Disk?.SizeBytes)
        || HasMoved(BufferBytes, told.BufferBytes, BufferBytesMax)
        || HasDoubled(WrittenBytesPerDay, told.WrittenBytesPerDay)
        || HasDoubled(told.WrittenBytesPerDay, WrittenBytesPerDay);

    private static bool HasMoved(long? now, long? told, long? whole) =>
        now is { } here && told is { } there && Math.Abs(here - there) > whole / StepsOfDisk;

    private static bool HasDoubled(double? now, double? told) =>
        now is null != told is null || now > told * 2;
}
