using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Provision.Authority;

/// <summary>
/// What the plant's CA has done: every certificate, and the counters that only go up. A folder that an older version
/// made lacks what came later, and the reader leaves that null: hence the getters.
/// </summary>
internal sealed record Register
{
    public int V { get; init; } = 1;

    public required string Site { get; init; }

    /// <summary>It signs bundles and no certificates: the plant has a CA of its own.</summary>
    public bool BundlesOnly { get; init; }

    public long CrlNumber { get; init; }

    /// <summary>Of the root's own list; 0 where an older version made the first one.</summary>
    public long RootCrlNumber { get; init; }

    public RegisteredBroker? Broker { get; init; }

    public IReadOnlyList<Registered> Issued { get => field ?? []; init; }

    /// <summary>The version of the newest bundle of each gateway.</summary>
    public IReadOnlyDictionary<string, int> Bundles { get => field ?? new Dictionary<string, int>(); init; }

    /// <summary>What the registration authority holds for a person.</summary>
    public IReadOnlyList<HeldRequest> Held { get => field ?? []; init; }

    /// <summary>The version of the newest trust bundle; 0 for none.</summary>
    public int TrustVersion { get; init; }

    /// <summary>SHA-256 of what the newest trust bundle says; empty where it was not finished.</summary>
    public string TrustHash { get => field ?? ""; init; }
}

/// <param name="Name">The common name.</param>
/// <param name="Kind"><c>gateway</c>, <c>broker</c> or <c>client</c>.</param>
/// <param name="Serial">Hex, as the certificate writes it.</param>
/// <param name="KeyFingerprint">Short, of the key.</param>
/// <param name="NotBefore">From when on.</param>
/// <param name="NotAfter">Until when.</param>
internal sealed record Registered(
    string Name, string Kind, string Serial, string KeyFingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>Who made it, where that was another CA; empty for this one's own.</summary>
    public string Issuer { get => field ?? ""; init; }

    /// <summary>Another CA made it, and only that one can take it back.</summary>
    [JsonIgnore]
    public bool IsElsewhere => Issuer.Length > 0;

    /// <summary>
    /// Where it lies, with what stands between it and the root where another CA made it. Small CAs count from 1, each.
    /// </summary>
    [JsonIgnore]
    public string File => IsElsewhere
        ? $"certificates/{Serial}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Issuer)))[..8]}.pem"
        : $"certificates/{Serial}.pem";

    public DateTimeOffset? RevokedAt { get; init; }

    public string? Because { get; init; }

    /// <summary>When it was made; not noted by older versions.</summary>
    public DateTimeOffset? SignedAt { get; init; }

    /// <summary>Hex: with what the gateway asked for it over the wire; empty where it came with a stick.</summary>
    public string Correlation { get => field ?? ""; init; }

    /// <summary>When the gateway said that it runs on it.</summary>
    public DateTimeOffset? ConfirmedAt { get; init; }

    /// <summary>When its gateway destroyed the key, by the gateway's own signed word.</summary>
    public DateTimeOffset? WipedAt { get; init; }

    /// <summary>When its gateway said that it runs on a newer one.</summary>
    public DateTimeOffset? SupersededAt { get; init; }
}

/// <summary>A request that a person must look at.</summary>
/// <param name="Gateway">Who asks.</param>
/// <param name="KeyFingerprint">What the person compares.</param>
/// <param name="Request">PEM, in base64.</param>
/// <param name="Correlation">Hex.</param>
/// <param name="Since">When it came.</param>
internal sealed record HeldRequest(
    string Gateway, string KeyFingerprint, string Request, string Correlation, DateTimeOffset Since)
{
    public const string Approved = "approved";
    public const string Refused = "refused";

    /// <summary>What the person said; empty where nobody has looked yet.</summary>
    public string Verdict { get => field ?? ""; init; }
}

/// <summary>The broker, as every bundle tells it.</summary>
internal sealed record RegisteredBroker(string Host, IReadOnlyList<string> Addresses, int Port);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Register))]
internal sealed partial class RegisterJson : JsonSerializerContext;
