using System.Security.Cryptography;
using CaKeys = Sluice.Plant.Keys.Authority;

namespace Sluice.Fast.Provisioning.Trust;

/// <summary>A CA that took back thirty thousand certificates: its list alone is more than a packet may hold.</summary>
internal static class LongLists
{
    /// <summary>Root and list, as a plant lays them into <c>trusted</c>.</summary>
    public static void LayInto(string ca)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var other = CaKeys.SelfSigned("Other", now.AddDays(-1), now.AddDays(1000));
        for (var each = 0; each < 30_000; each++)
        {
            byte[] serial = [0x41, .. RandomNumberGenerator.GetBytes(15)];
            other.Revoke(serial, now);
        }

        Directory.CreateDirectory(Path.Combine(ca, "trusted"));
        File.WriteAllText(Path.Combine(ca, "trusted", "other.pem"),
            other.Public.ExportCertificatePem() + "\n" + other.Crl(now, now.AddDays(30)));
    }
}
