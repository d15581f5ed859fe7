using System.CommandLine;
using System.Globalization;
using System.Net;
using Sluice.Provision.Authority;
using Sluice.Provision.Registration;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Registration;

/// <summary>sluice-provision ra: the registration authority, which runs until it is ended.</summary>
internal sealed class RaVerb(ToolSurroundings tool)
{
    private const string Verb = RegistrationOffice.Verb;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly Option<string> client = new("--client")
    {
        Description = "The authority's own certificate, as 'client ra' wrote it; its key lies beside it (.key).",
        HelpName = "FILE",
        DefaultValueFactory = _ => "ra.pem",
    };

    private readonly Option<int> perDay = new("--per-day")
    {
        Description = "How many certificates one gateway gets in 24 hours.",
        HelpName = "N",
        DefaultValueFactory = _ => new DeskPolicy().PerGatewayAndDay,
    };

    private readonly Option<int> days = ToolSurroundings.Days(365, "How long the certificates are valid.");

    public Command Command()
    {
        var ra = new Command(Verb, "Run the registration authority: renew certificates of known gateways over MQTT, "
            + "hold new ones for a person, and publish roots and revocation lists. It runs until it is ended.")
        {
            client, perDay, days, tool.Ca, tool.PassphraseFile, tool.Json,
        };
        ra.SetAction((parsed, cancellationToken) => RunAsync(parsed, cancellationToken));
        foreach (var held in new RaHeldVerb(tool).Commands())
        {
            ra.Add(held);
        }

        return ra;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RegistrationLoop? loop = null;
        var code = tool.Run(parsed, Verb, () => tool.InCa(parsed, Verb, (folder, authority) =>
            Begin(parsed, folder, authority, made => loop = made)));
        if (loop is null || code != ToolExitCode.Fine)
        {
            return code;
        }

        await loop.RunAsync(cancellationToken).ConfigureAwait(false);
        return ToolExitCode.Fine;
    }

    private VerbReport Begin(
        ParseResult parsed, AuthorityFolder folder, PlantAuthority authority, Action<RegistrationLoop> begin)
    {
        var register = folder.ReadRegister();
        var chain = parsed.GetValue(client)!;
        var key = Path.ChangeExtension(chain, ".key");
        var file = parsed.GetValue(tool.PassphraseFile) ?? Credential();
        var problems = new List<string>();
        if (register.Broker is null)
        {
            problems.Add("the CA does not know where the broker is: 'sluice-provision broker-config' tells it");
        }

        problems.AddRange(new[] { chain, key }.Where(each => !File.Exists(each)).Select(each =>
            $"there is no {each}: " + (authority.Issues ? "'sluice-provision client ra --out DIR' makes both files"
                : "the plant's CA makes key and certificate (extended key usage clientAuth, common name ra)")));
        problems.AddRange(new[] { key, parsed.GetValue(tool.PassphraseFile) }.OfType<string>().Where(IsOpen)
            .Select(each => $"others than its owner can read {each}: chmod 0600"));
        if (problems.Count > 0)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Unavailable,
                $"The registration authority cannot begin: {string.Join("; ", problems)}.", "Nothing was changed.",
                "mend each of these, and begin again.");
        }

        var passphrase = tool.Passphrase(file, "Passphrase of the CA's keys");
        authority.TryPassphrase(passphrase);
        var policy = new DeskPolicy
        {
            Issues = authority.Issues,
            PerGatewayAndDay = Math.Clamp(parsed.GetValue(perDay), 1, 1000),
            Life = ToolSurroundings.Life(parsed.GetValue(days)),
        };
        var office = new RegistrationOffice(
            folder.Directory, register.Site, passphrase, policy, tool.Clock, Say);
        office.Begin(folder);
        var broker = register.Broker!;
        var addresses = broker.Addresses.Select(each => new IPEndPoint(IPAddress.Parse(each), broker.Port));
        begin(new RegistrationLoop(
            folder.Directory, register.Site, new RegistrationPlace(broker.Host, [.. addresses], chain, key), office,
            tool.Clock, Say));
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Site = register.Site,
            Sentence = $"The registration authority of {register.Site} begins: " + (policy.Issues
                ? $"{policy.PerGatewayAndDay} certificates at most for a gateway in 24 hours, each for "
                    + $"{policy.Life.TotalDays:0} days."
                : "it hands requests to the plant's CA (ra pending --out) and its bundles back to the gateways."),
        };
    }

    /// <summary>What systemd laid down for this service (LoadCredentialEncrypted=); nobody else can read it.</summary>
    private static string? Credential()
    {
        var file = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } directory
            ? Path.Combine(directory, "sluice-ca")
            : null;
        return File.Exists(file) ? file : null;
    }

    private static bool IsOpen(string path) => !OperatingSystem.IsWindows() && File.Exists(path)
        && (File.GetUnixFileMode(path) & Others) != 0;

    private void Say(string line) => tool.Say(
        $"{tool.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)} "
        + string.Concat(line.Select(letter => char.IsControl(letter) ? '?' : letter)));
}
