using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Plant;

/// <summary>
/// sluice-provision client: key and certificate of the MES, which makes no request of its own. A gateway's key is never
/// made here.
/// </summary>
internal sealed class ClientVerb(ToolSurroundings tool)
{
    private const string Verb = "client";

    private readonly Argument<string> name = new("NAME") { Description = "Its name at the broker, such as mes." };

    private readonly Option<string> into = new("--out")
    {
        Description = "Where NAME.pem (chain) and NAME.key (mode 0600) go, or NAME.p12.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string> pkcs12 = new("--pkcs12")
    {
        Description = "Write one PKCS#12 file instead, with the passphrase in the first line of this file.",
        HelpName = "FILE",
    };

    private readonly Option<int> days = ToolSurroundings.Days(365, "How long the certificate is valid.");

    public Command Command()
    {
        var client = new Command(Verb, "Make key and certificate for a client of the broker that is no gateway: the "
            + "MES, the registration authority.") { name, into, pkcs12, days, tool.Ca, tool.PassphraseFile, tool.Json };
        client.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InIssuingCa(
            parsed, Verb, "have that CA make key and certificate (extended key usage clientAuth, the name as common "
                + "name); the key's file ends with .key beside the certificate's .pem.",
            (folder, authority) => Make(parsed, folder, authority))));
        return client;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var who = parsed.GetValue(name)!;
        if (!KeyRequest.IsName(who)
            || folder.ReadRegister().Issued.Any(each => each.Name == who && each.Kind == "gateway"))
        {
            return VerbReport.Failed(Verb, ToolExitCode.Usage, $"'{who}' cannot be the name of a client: it is a "
                + "gateway's, or no name.", "Nothing was made.",
                "use 1 to 32 of A-Z a-z 0-9 _ -, and no gateway's id.");
        }

        var directory = parsed.GetValue(into)!;
        var (key, chain, registered) = authority.Issue(
            who, Verb, [], tool.Passphrase(parsed), ToolSurroundings.Life(parsed.GetValue(days)));
        string[] files;
        if (parsed.GetValue(pkcs12) is { } passphraseFile)
        {
            files = [Path.Combine(directory, who + ".p12")];
            AuthorityFolder.WriteFile(files[0], Pkcs12(key, chain, tool.Passphrase(passphraseFile, "")), true);
        }
        else
        {
            files = [Path.Combine(directory, who + ".pem"), Path.Combine(directory, who + ".key")];
            AuthorityFolder.WriteFile(files[0], Encoding.ASCII.GetBytes(chain));
            AuthorityFolder.WriteFile(files[1], Encoding.ASCII.GetBytes(key), isSecret: true);
        }

        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Files = files,
            Certificates = [ListVerb.Row(registered, 0, tool.Clock.GetUtcNow())],
            Sentence = $"{who} has a certificate until {registered.NotAfter:yyyy-MM-dd}: {string.Join(", ", files)}.",
        };
    }

    private static byte[] Pkcs12(string key, string chain, string passphrase)
    {
        using var leaf = X509Certificate2.CreateFromPem(chain, key);
        var all = new X509Certificate2Collection();
        all.ImportFromPem(chain);
        all[0].Dispose();
        all[0] = leaf;
        return all.ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, passphrase);
    }
}
