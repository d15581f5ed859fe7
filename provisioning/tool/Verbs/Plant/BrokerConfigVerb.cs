using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Plant;

/// <summary>
/// sluice-provision broker-config: what the broker's people need, for mosquitto 2 and in words for any other: listener,
/// access list from the identity, revocation lists, and the broker's own certificate.
/// </summary>
internal sealed class BrokerConfigVerb(ToolSurroundings tool)
{
    private const string Verb = "broker-config";

    private readonly Option<string> host = new("--host")
    {
        Description = "The broker's name, as broker.host in every gateway's configuration.",
        HelpName = "NAME",
        Required = true,
    };

    private readonly Option<string[]> address = new("--address")
    {
        Description = "Its address, as in broker.addresses. May be repeated.",
        HelpName = "IP",
        Required = true,
    };

    private readonly Option<int> port = new("--port")
    {
        Description = "Its port.",
        HelpName = "N",
        DefaultValueFactory = _ => 8883,
    };

    private readonly Option<string[]> mes = new("--mes")
    {
        Description = "Who reads what gateways publish, and may ask. May be repeated; without it nobody may.",
        HelpName = "NAME",
    };

    private readonly Option<string> ra = new("--ra")
    {
        Description = "The registration authority (its certificate: 'client ra'); without it nobody renews over MQTT.",
        HelpName = "NAME",
    };

    private readonly Option<string> into = new("--out")
    {
        Description = "The folder for the files, which must then lie in the same place on the broker.",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string> place = new("--place")
    {
        Description = "Where they will lie on the broker, if not in --out.",
        HelpName = "DIR",
    };

    private readonly Option<int> days = ToolSurroundings.Days(730, "How long the broker's certificate is valid.");

    public Command Command()
    {
        var config = new Command(Verb, "Write the broker's certificate, access list and configuration (mosquitto), and "
            + "README.txt for any other broker. From then on bundles tell gateways where the broker is.")
        {
            host, address, port, mes, ra, into, place, days, tool.Ca, tool.PassphraseFile, tool.Json,
        };
        config.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Make(parsed, folder, authority))));
        return config;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var addresses = new List<IPAddress>();
        foreach (var text in parsed.GetValue(address)!)
        {
            if (!IPAddress.TryParse(text, out var one))
            {
                return VerbReport.Failed(Verb, ToolExitCode.Usage, $"'{text}' is no IP address.", "Nothing was made.",
                    "write the broker's address in digits: gateways never look a name up.");
            }

            addresses.Add(one);
        }

        var name = parsed.GetValue(host)!;
        var number = Math.Clamp(parsed.GetValue(port), 1, 65535);
        if (!authority.Issues && authority.BelievedPem().Length == 0)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Unavailable, "The plant has a CA of its own, and its root is "
                + "not here yet.", "Nothing was made.", "put its root, what stands below and their lists into the "
                + "folder trusted, as PEM; the first sluice-provision bundle make does that too.");
        }

        var issued = authority.Issues
            ? authority.Issue(
                name, "broker", addresses, tool.Passphrase(parsed), ToolSurroundings.Life(parsed.GetValue(days)))
            : default;
        var register = folder.ReadRegister();
        folder.Write(register with
        {
            Broker = new RegisteredBroker(name, [.. addresses.Select(one => one.ToString())], number),
        });
        var directory = parsed.GetValue(into)!;
        var lies = parsed.GetValue(place) ?? Path.GetFullPath(directory);
        var written = new List<string>();
        void Put(string file, string text, bool isSecret = false)
        {
            written.Add(Path.Combine(directory, file));
            AuthorityFolder.WriteFile(written[^1], Encoding.UTF8.GetBytes(text), isSecret);
        }

        Put("ca.pem", Encoding.ASCII.GetString(authority.BelievedPem()));
        Put("crl.pem", Encoding.ASCII.GetString(authority.ListsPem()));
        if (authority.Issues)
        {
            Put("server.pem", issued.ChainPem);
            Put("server.key", issued.KeyPem, isSecret: true);
        }

        Put("acl", Acl(register.Site, parsed.GetValue(mes) ?? [], parsed.GetValue(ra)), isSecret: true);
        Put("sluice.conf", Mosquitto(addresses, number, lies));
        Put("README.txt", Words(register.Site));
        return Told(written, name, directory, authority.Issues ? issued.Registered : null);
    }

    /// <param name="files">What was written.</param>
    /// <param name="name">The broker.</param>
    /// <param name="directory">Where it lies.</param>
    /// <param name="registered">Its certificate; null where the plant's own CA makes that.</param>
    private VerbReport Told(List<string> files, string name, string directory, Registered? registered) => new()
    {
        Verb = Verb,
        ExitCode = ToolExitCode.Fine,
        Files = files,
        Certificates = registered is null ? null : [ListVerb.Row(registered, 0, tool.Clock.GetUtcNow())],
        Sentence = registered is null
            ? $"The files of the broker {name} are in {directory}, but for its certificate."
            : $"The broker {name} has a certificate until {registered.NotAfter:yyyy-MM-dd}; its files are in "
                + $"{directory}.",
        Notes =
        [
            registered is null
                ? "server.pem, the chain, and server.key come from the plant's CA: extended key usage serverAuth, and "
                    + $"{name} as a subject alternative name."
                : "server.key is not encrypted: carry it to the broker, and delete it here.",
        ],
    };

    private static string Acl(string site, string[] readers, string? authority)
    {
        var acl = new StringBuilder();
        acl.Append(CultureInfo.InvariantCulture, $"""
            # A gateway is who its certificate says (%u), and reaches its own topics only.
            pattern write sluice/v1/{site}/%u/#
            pattern read sluice/v1/{site}/%u/ask
            pattern read sluice/v1/{site}/%u/cert/reply
            pattern read sluice/v1/{site}/trust

            """);
        foreach (var reader in readers)
        {
            acl.Append(CultureInfo.InvariantCulture, $"""
                user {reader}
                topic read sluice/v1/#
                topic write sluice/v1/+/+/ask

                """);
        }

        if (authority is not null)
        {
            acl.Append(CultureInfo.InvariantCulture, $"""
                user {authority}
                topic read sluice/v1/{site}/+/cert/csr
                topic read sluice/v1/{site}/+/cert/confirm
                topic write sluice/v1/{site}/+/cert/reply
                topic write sluice/v1/{site}/trust

                """);
        }

        return acl.ToString();
    }

    private static string Mosquitto(List<IPAddress> addresses, int port, string place)
    {
        var text = new StringBuilder("# mosquitto 2, for sluice gateways: include_dir this folder.\n");
        foreach (var address in addresses)
        {
            text.Append(CultureInfo.InvariantCulture, $"""
                listener {port} {address}
                cafile {place}/ca.pem
                certfile {place}/server.pem
                keyfile {place}/server.key
                crlfile {place}/crl.pem
                tls_version tlsv1.3
                require_certificate true
                use_identity_as_username true

                """);
        }

        return text.Append(CultureInfo.InvariantCulture, $"""
            allow_anonymous false
            acl_file {place}/acl
            persistence true
            max_queued_messages 100000
            max_inflight_messages 0

            """).ToString();
    }

    private static string Words(string site) => $"""
        What any MQTT 5 broker needs for sluice gateways of {site}

        * One TLS 1.3 listener with server.pem (the chain) and server.key; clients must show a certificate under ca.pem;
          certificates on crl.pem are refused.
        * The user name is the common name of the client's certificate. MQTT user names are not used.
        * A gateway NAME may write sluice/v1/{site}/NAME/# and read sluice/v1/{site}/NAME/ask,
          sluice/v1/{site}/NAME/cert/reply and sluice/v1/{site}/trust, nothing else.
        * The MES may read sluice/v1/# and write sluice/v1/+/+/ask.
        * The registration authority, where there is one, may read sluice/v1/{site}/+/cert/csr and +/cert/confirm, and
          write sluice/v1/{site}/+/cert/reply and sluice/v1/{site}/trust.
        * QoS 1 and retained messages; packets of 1 MiB.
        * crl.pem must be replaced before its date ('sluice-provision crl'), or the broker refuses everybody. mosquitto
          reads it anew on SIGHUP only, and a session that is open stays open.

        """;
}
