using System.CommandLine;
using System.Globalization;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Verbs;
using Sluice.Provisioning.Wiping;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>
/// sluice-provision receipt verify: whether a gateway's receipt was signed by a key that this CA certified for it, and
/// names all that it has; then the register says that it was wiped.
/// </summary>
internal sealed class ReceiptVerb(ToolSurroundings tool)
{
    private const string Verb = "receipt verify";

    private readonly Argument<string> from = new("RECEIPT")
    {
        Description = "The file that 'sluice-agent identity wipe' left, GATEWAY.wiped.receipt.",
    };

    public Command Command()
    {
        var verify = new Command("verify", "Judge the receipt of a wiped gateway, and note in the register that it was "
            + "wiped.") { from, tool.Ca, tool.Json };
        verify.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, _) => Judge(folder, parsed.GetValue(from)!))));
        return new Command("receipt", "What a wiped gateway left.") { verify };
    }

    private static VerbReport Judge(AuthorityFolder folder, string file)
    {
        if (StickLayout.Read(file, EnvelopeKind.Receipt.BytesMax, out var unread) is not { } bytes)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Storage, $"{unread}.", "Nothing was noted.",
                "name the file; on a gateway it lies in the identity directory as wiped.receipt.");
        }

        if (BundleEnvelope.Open(EnvelopeKind.Receipt, bytes, out var problem) is not { } envelope)
        {
            return WipeReceipt.Read(bytes) is { } unsigned
                ? Refused($"The receipt of {unsigned.Gateway} is not signed: that gateway had no certificate to do it.",
                    "look at the gateway itself, and revoke what it had.")
                : Refused($"It is no receipt: {problem}.", "bring the file that the gateway wrote.");
        }

        if (!envelope.IsSignedBySigner() || WipeReceipt.Read(envelope.Payload) is not { } receipt)
        {
            return Refused("The receipt's signature is broken: it was altered, or damaged on its way.",
                "copy it again from the gateway; if that does not help, take it for a gateway that was not wiped.");
        }

        var signer = envelope.Signers[0];
        var register = folder.ReadRegister();
        var own = register.Issued.FirstOrDefault(each => each.Serial == signer.SerialNumber && each.Kind == "gateway"
            && IsKept(folder, each, signer.RawData));
        if (own is null)
        {
            return Refused($"The receipt was signed with '{signer.Subject}', serial {signer.SerialNumber}, which this "
                + "CA did not make for a gateway.", "look whether it is of another plant.");
        }

        if (own.Name != receipt.Gateway || receipt.Site != register.Site)
        {
            return Refused($"The receipt speaks for {receipt.Gateway} of {receipt.Site}, and was signed with the key "
                + $"of {own.Name} of {register.Site}.", "tell the security officer: no gateway of ours writes that.");
        }

        var left = register.Issued.Where(each => each.Name == own.Name && each.Kind == "gateway"
            && each.RevokedAt is null && each.SupersededAt is null
            && register.Issued.ToList().IndexOf(each) > register.Issued.ToList().IndexOf(own)
            && receipt.Certificates.All(wiped => wiped.Serial != each.Serial)).ToList();
        return left.Count > 0
            ? Refused($"{own.Name} has a newer certificate, {left[^1].Serial}, which the receipt does not name: its "
                + "key is elsewhere.", "find the gateway that has it, or revoke it.")
            : Note(folder, register, own, receipt);
    }

    private static VerbReport Note(AuthorityFolder folder, Register register, Registered own, WipeReceipt receipt)
    {
        folder.Write(register with
        {
            Issued = [.. register.Issued.Select(each => each.Name == own.Name && each.Kind == "gateway"
                && (each.Serial == own.Serial || receipt.Certificates.Any(wiped => wiped.Serial == each.Serial))
                ? each with { WipedAt = each.WipedAt ?? receipt.At }
                : each)],
        });
        var notes = new List<string>
        {
            $"It named certificates {string.Join(", ", receipt.Certificates.Select(each => each.Serial))}, "
                + $"and the head of its audit log, {receipt.AuditHead}.",
        };
        if (own.RevokedAt is { } revoked)
        {
            notes.Add($"Its certificate had been revoked at {revoked:yyyy-MM-dd}: whoever stole the key could have "
                + "signed this.");
        }
        else
        {
            notes.Add("The key is gone, and the certificate is in force: " + (own.IsElsewhere
                ? $"have '{own.Issuer}' take {own.Serial} back."
                : $"sluice-provision revoke {own.Name} --because wiped."));
        }

        if (receipt.Clock != "set")
        {
            notes.Add($"The gateway's clock was {receipt.Clock} then.");
        }

        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Gateway = own.Name,
            Site = register.Site,
            Sentence = string.Create(CultureInfo.InvariantCulture, $"{own.Name} says under its own key that it was "
                + $"wiped at {receipt.At.UtcDateTime:yyyy-MM-dd HH:mm}Z; the register says so too."),
            Notes = notes,
        };
    }

    private static bool IsKept(AuthorityFolder folder, Registered own, byte[] signer)
    {
        using var kept = folder.ReadCertificate(own.File);
        return kept.RawData.AsSpan().SequenceEqual(signer);
    }

    private static VerbReport Refused(string happened, string todo) =>
        VerbReport.Failed(Verb, ToolExitCode.Refused, happened, "Nothing was noted.", todo);
}
