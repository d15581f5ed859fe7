using System.Security.Cryptography;

namespace Sluice.Agent.Configuration;

/// <summary>The bytes of a configuration: gateway.json and its signal lists by the names that it gives them.</summary>
public sealed record ConfigurationFiles
{
    public required ReadOnlyMemory<byte> Gateway { get; init; }

    /// <summary>In order of name.</summary>
    public required IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Lists { get; init; }

    /// <summary>SHA-256 over all of them with their names and lengths, lower-case hex.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, "gateway.json", Gateway.Span);
        foreach (var list in Lists)
        {
            Append(hash, list.Key, list.Value.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Name and length first: no two sets of files give the same bytes.</summary>
    private static void Append(IncrementalHash hash, string name, ReadOnlySpan<byte> bytes)
    {
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{name}\0{bytes.Length}\0"));
        hash.AppendData(bytes);
    }
}
