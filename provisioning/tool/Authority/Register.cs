using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Provision.Authority;

/// <summary>What the plant's CA has done: every certificate, and the counters that only go up.</summary>
internal sealed record Register
{
    public int V { get; init; } = 1;

    public required string Site { get; init; }

    public long CrlNumber { get; init; }

    public RegisteredBroker? Broker { get; init; }

    public IReadOnlyList<Registered> Issued { get; init; } = [];

    /// <summary>The version of the newest bundle of each gateway.</summary>
    public IReadOnlyDictionary<string, int> Bundles { get; init; } = new Dictionary<string, int>();

    /// <summary>The version of the newest trust bundle; 0 for none.</summary>
    public int TrustVersion { get; init; }

    /// <summary>SHA-256 of what the newest trust bundle says; empty where it was not finished.</summary>
    public string TrustHash { get; init; } = "";
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
    public DateTimeOffset? RevokedAt { get; init; }

    public string? Because { get; init; }
}

/// <summary>The broker, as every bundle tells it.</summary>
internal sealed record RegisteredBroker(string Host, IReadOnlyList<string> Addresses, int Port);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Register))]
internal sealed partial class RegisterJson : JsonSerializerContext;
