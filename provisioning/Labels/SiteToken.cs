using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provisioning.Requests;

namespace Sluice.Provisioning.Labels;

/// <summary>
/// What is put onto a gateway on the bench, so that nobody has to confirm its first root in the cabinet: the plant, and
/// the SHA-256 of its root. It is no secret, and worth nothing to who reads it. It is believed because of how it came:
/// whoever may write a gateway's configuration or image may choose its root anyway; a stick may not. It counts only
/// until a root is pinned, and only in its own plant.
/// <code>
/// sluice-site-token 1
/// site plant1
/// root 4be0bf8d...
/// </code>
/// </summary>
public sealed record SiteToken(string Site, string RootSha256)
{
    /// <summary>Its name in the configuration's directory, and in the identity's.</summary>
    public const string FileName = "site-token";

    public const int BytesMax = 1024;

    private const string FirstLine = "sluice-site-token 1";

    public byte[] Write() => Encoding.ASCII.GetBytes($"{FirstLine}\nsite {Site}\nroot {RootSha256}\n");

    /// <summary>Null and a sentence where it is damaged.</summary>
    public static SiteToken? Read(ReadOnlySpan<byte> bytes, out string problem)
    {
        var lines = Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, BytesMax)])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var site = lines is [FirstLine, _, _] && lines[1].StartsWith("site ", StringComparison.Ordinal)
            ? lines[1][5..] : "";
        var root = lines is [_, _, ['r', 'o', 'o', 't', ' ', ..]] ? lines[2][5..] : "";
        var isRight = KeyRequest.IsName(site) && root.Length == SHA256.HashSizeInBytes * 2
            && root.All(char.IsAsciiHexDigitLower);
        problem = isRight ? "" : "the site token is damaged: have the plant's CA write it again "
            + "(sluice-provision token)";
        return isRight ? new SiteToken(site, root) : null;
    }

    /// <summary>Why it does not speak for this root; null where it does.</summary>
    public string? Difference(X509Certificate2 root, string site) =>
        Site != site ? $"the site token is that of plant '{Site}', and this gateway belongs to '{site}'"
        : RootSha256 != Fingerprint.LongOf(root) ? "the site token names another root than the one under which this "
            + $"bundle was made ({Fingerprint.Of(root)}): the bundle is of another CA, or the token is an old one"
        : null;
}
