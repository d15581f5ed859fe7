using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Agent.Renewal;

/// <summary>
/// When a certificate is renewed, and when somebody is warned. A core.
/// <para>
/// Due after two thirds of its life and a part of <see cref="Spread"/>, which the gateway's id and the certificate's
/// number decide: a plant's gateways, enrolled on one day, do not all ask on one day, and one that starts anew does not
/// throw its dice again.
/// </para>
/// </summary>
internal static class RenewalTimes
{
    /// <summary>Part of the life over which a plant's gateways spread.</summary>
    public const double Spread = 1.0 / 30;

    private const double DueAfter = 2.0 / 3;

    public static DateTimeOffset Due(DateTimeOffset notBefore, DateTimeOffset notAfter, double dice) =>
        notBefore + ((notAfter - notBefore) * (DueAfter + (Spread * dice)));

    /// <summary>From 0 to below 1, always the same for one certificate of one gateway.</summary>
    public static double DiceOf(string gatewayId, string serial)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{gatewayId} {serial}"));
        return BinaryPrimitives.ReadUInt32BigEndian(hash) / (uint.MaxValue + 1.0);
    }

    /// <param name="notBefore">Of the certificate.</param>
    /// <param name="notAfter">Of the certificate.</param>
    /// <param name="at">Now, of a clock that is set.</param>
    public static ExpiryWarning Warning(DateTimeOffset notBefore, DateTimeOffset notAfter, DateTimeOffset at)
    {
        var left = notAfter - at;
        return left <= TimeSpan.Zero ? ExpiryWarning.Expired
            : left > (notAfter - notBefore) / 3 ? ExpiryWarning.None
            : left <= TimeSpan.FromDays(3) ? ExpiryWarning.Days
            : left <= TimeSpan.FromDays(14) ? ExpiryWarning.Fortnight
            : ExpiryWarning.Third;
    }
}
