using System.Security.Cryptography.X509Certificates;

namespace Sluice.Provisioning.Certificates;

/// <summary>Turns what the platform says about a chain into what a technician can act on.</summary>
public static class ChainSentence
{
    /// <param name="status">All flags of the chain.</param>
    /// <param name="subject">Whose chain it is.</param>
    /// <param name="wrongUse">What to say where the extended key usage does not fit.</param>
    public static string Of(X509ChainStatusFlags status, string subject, string wrongUse)
    {
        if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
        {
            return $"the certificate '{subject}' does not lead to a root of this plant (roots.pem): another CA made "
                + "it, or a certificate between the two is missing";
        }

        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return $"the certificate '{subject}', or one above it, is not valid at this time: it expired or is not "
                + "valid yet, or the gateway's clock is wrong";
        }

        if (status.HasFlag(X509ChainStatusFlags.NotValidForUsage))
        {
            return $"the certificate '{subject}' {wrongUse}";
        }

        if (status.HasFlag(X509ChainStatusFlags.NotSignatureValid))
        {
            return $"a signature in the chain of '{subject}' is wrong: a certificate was altered or replaced";
        }

        if (status == X509ChainStatusFlags.NoError)
        {
            return $"the certificate '{subject}', or one above it, is damaged";
        }

        return $"the certificate '{subject}' is not acceptable ({status})";
    }
}
