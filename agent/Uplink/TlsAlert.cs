using System.Globalization;

namespace Sluice.Agent.Uplink;

/// <summary>
/// A TLS alert out of an exception. OpenSSL writes <c>error:0A000418:SSL routines::…</c>: its last three digits are
/// 1000 + the alert's number (RFC 8446, 6). With TLS 1.3 the broker's refusal of our certificate arrives only after our
/// side of the handshake has ended, on the first read.
/// </summary>
internal static class TlsAlert
{
    private const string Mark = "error:0A000";
    private const int AlertBase = 1000;

    /// <summary>The alert's number, or null where there is none in the exception or below it.</summary>
    public static int? Of(Exception? exception)
    {
        // Exceptions nest a handful deep; the bound is against a cycle.
        for (var depth = 0; exception is not null && depth < 10; depth++, exception = exception.InnerException)
        {
            var text = exception.Message;
            var at = text.IndexOf(Mark, StringComparison.Ordinal);
            if (at >= 0 && text.Length >= at + Mark.Length + 3
                && int.TryParse(
                    text.AsSpan(at + Mark.Length, 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                        out var code)
                && code is >= AlertBase and <= AlertBase + 255)
            {
                return code - AlertBase;
            }
        }

        return null;
    }

    /// <summary>What the alert says about us.</summary>
    public static ConnectOutcome Outcome(int alert) => alert switch
    {
        42 or 43 or 46 => Refused(alert, "the broker does not accept the gateway's certificate; its log says why. Most "
            + "likely another CA made it than the broker trusts"),
        44 => Refused(alert, "the broker says that the gateway's certificate was revoked; bring a new bundle"),
        45 => Refused(alert, "the broker says that the gateway's certificate expired; bring a new bundle, or see "
            + "whether the broker's clock is right"),
        48 => Refused(alert, "the broker does not know the CA that made the gateway's certificate; give the broker the "
            + "plant's root, or the gateway a certificate from it"),
        49 => Refused(alert, "the broker's TLS accepts the gateway's certificate but denies access"),
        116 => Refused(alert, "the broker demands a client certificate and got none"),
        40 or 47 or 70 or 71 or 86 =>
            new ConnectOutcome(ConnectVerdict.NoCommonTls, "the broker and the gateway found no "
            + $"TLS version and cipher in common (alert {alert}); the broker must speak TLS 1.3, or broker.tlsMin be "
            + "\"1.2\" "
            + "and the broker offer an AEAD suite.", alert),
        _ => new ConnectOutcome(ConnectVerdict.Broken,
            $"the broker ended the connection with TLS alert {alert}; its log "
            + "says why.", alert),
    };

    private static ConnectOutcome Refused(int alert, string sentence) =>
        new(ConnectVerdict.CertificateRefused, $"{sentence} (TLS alert {alert}).", alert);
}
