using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Agent.Egress.Proof;

/// <summary>
/// What trying the host's rules came to, as the verb leaves it for the agent: one small file beside the status socket.
/// It says in which boot and how long after it, because the wall clock may be moved.
/// </summary>
internal sealed record HostProof
{
    public const string FileName = "firewall-proof.json";

    /// <summary>Daily, and some hours for a machine that was busy.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromHours(30);

    private const int BytesMax = 16 << 10;

    public required string Boot { get; init; }

    public required double SecondsAfterBoot { get; init; }

    public required DateTime Utc { get; init; }

    public required IReadOnlyList<HostProofAttempt> Attempts { get; init; }

    /// <summary>What the agent makes of it; null where it is no proof of this boot, or one that nobody can read.
    /// </summary>
    public static HostProof? Read(string path, HostBoot now)
    {
        try
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > BytesMax)
            {
                return null;
            }

            var proof = JsonSerializer.Deserialize(file, HostProofJson.Default.HostProof);
            return proof?.Boot == now.Boot && proof.SecondsAfterBoot <= now.SecondsAfterBoot ? proof : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whole or not at all: the agent may look at any moment.</summary>
    public void Write(string path)
    {
        var next = $"{path}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(this, HostProofJson.Default.HostProof));
        File.Move(next, path, overwrite: true);
    }

    public bool IsOld(HostBoot now) => now.SecondsAfterBoot - SecondsAfterBoot > GoodFor.TotalSeconds;

    /// <summary>As the proof of the agent's own walls; a word that this version does not know is none.</summary>
    public ProofView View() => new(Utc, 1,
    [
        .. from told in Attempts
           from attempt in Enum.GetValues<EscapeAttempt>()
           where ProofWords.Of(attempt) == told.Attempt
           from verdict in Enum.GetValues<WallVerdict>()
           where ProofWords.Of(verdict) == told.Verdict
           select new ProvedAttempt(attempt, verdict, verdict == WallVerdict.Held ? HostJudge.Firewall : ""),
    ]);
}

/// <param name="Attempt">Its word.</param>
/// <param name="Verdict"><c>held</c>, <c>open</c> or <c>untried</c>.</param>
internal sealed record HostProofAttempt(string Attempt, string Verdict);

/// <summary>How long this machine runs, and in which boot.</summary>
/// <param name="Boot">The kernel's name for it.</param>
/// <param name="SecondsAfterBoot">Also while it slept.</param>
internal readonly record struct HostBoot(string Boot, double SecondsAfterBoot)
{
    private const string BootFile = "/proc/sys/kernel/random/boot_id";
    private const string UptimeFile = "/proc/uptime";

    public static HostBoot Now()
    {
        try
        {
            return double.TryParse(
                File.ReadAllText(UptimeFile).Split(' ')[0], CultureInfo.InvariantCulture, out var seconds)
                ? new HostBoot(File.ReadAllText(BootFile).Trim(), seconds)
                : default;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(HostProof))]
internal sealed partial class HostProofJson : JsonSerializerContext;
