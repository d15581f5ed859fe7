using Sluice.Agent.Configuration;

namespace Sluice.Agent.Publishing.Encoding;

/// <summary>
/// The topics of contract v1: below the gateway's own base, as the broker's ACL follows from the certificate, and one
/// of the whole plant, which it may only read.
/// </summary>
internal sealed class ContractTopics(GatewayName gateway)
{
    public string Base { get; } = $"sluice/v1/{gateway.Site}/{gateway.Id}";

    /// <summary>Roots and revocation lists of the whole plant, retained.</summary>
    public string Trust { get; } = $"sluice/v1/{gateway.Site}/trust";

    public string Status => field ??= $"{Base}/status";

    public string Birth => field ??= $"{Base}/birth";

    public string Data => field ??= $"{Base}/data";

    public string Ledger => field ??= $"{Base}/ledger";

    public string Posture => field ??= $"{Base}/posture";

    /// <summary>What the MES asks.</summary>
    public string Ask => field ??= $"{Base}/ask";

    /// <summary>A request for the next certificate.</summary>
    public string CertificateRequest => field ??= $"{Base}/cert/csr";

    /// <summary>What the registration authority answers to it.</summary>
    public string CertificateReply => field ??= $"{Base}/cert/reply";

    /// <summary>The main session runs on the new certificate.</summary>
    public string CertificateConfirm => field ??= $"{Base}/cert/confirm";
}
