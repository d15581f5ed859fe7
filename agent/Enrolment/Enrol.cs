using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Agent.Binding;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>
/// From a key that is made here to a bundle that is staged: <c>init</c>, <c>export</c>, <c>import</c>. Each says what
/// it did or why it changed nothing, and writes it into the audit log.
/// </summary>
internal sealed class Enrol(EnrolmentContext context)
{
    private readonly StoredIdentity stored = new(context.Store);

    public VerbReport Init(bool anew)
    {
        const string verb = "init";
        if (context.RefuseElsewhere(verb) is { } elsewhere)
        {
            if (!anew)
            {
                return elsewhere;
            }

            // The keys on this card are another gateway's: none of them may ever be used here.
            context.Log(verb, "begun", "The copied identity is deleted, and this machine gets a key of its own.");
            context.Store.Erase();
            context.Binding.Renew();
        }

        if (!anew && Pending() is { } there)
        {
            return Told(verb, there, $"The request of {context.GatewayId} is here already; its key is "
                + $"{there.KeyFingerprint}.", "To make another key, which makes a bundle for this one worthless: "
                + "--again.");
        }

        context.Log(verb, "begun", anew ? "A key is made anew." : "A key is made.");
        KeepNewKey(verb);
        var request = Pending() ?? throw new InvalidOperationException("What was just kept cannot be read.");
        var protection = Protection();
        context.Log(verb, "done", $"Key {request.KeyFingerprint}, in {protection}.");
        context.Bind(verb);
        return Told(verb, request, $"{context.GatewayId} of {context.Site} has a new key, {request.KeyFingerprint}, in "
            + (context.Configuration.Identity.IsKeyInTpm
                ? $"{protection}." : "a file that only the agent's user can read."),
            "Put the key's letters on the cabinet's label: whoever signs the request compares them.") with
        {
            KeyProtection = protection,
        };
    }

    /// <summary>A key in the TPM is tried under TLS before the one before it goes.</summary>
    private void KeepNewKey(string verb)
    {
        byte[] made = [];
        try
        {
            made = context.MakeKeyAndRequest();
            var kept = context.Keys.Keep(made, context.Store.KeysElsewhere);
            context.Keys.Prove(kept, context.Clock);
            context.Store.KeepPending(kept);
        }
        catch (TpmException failed)
        {
            var still = context.Store.KeysElsewhere();
            context.Keys.Sweep(still, still);
            context.Log(verb, "failed", $"{failed.Message}.");
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(made);
        }
    }

    /// <summary>What protects the key that waits for its certificate.</summary>
    private string Protection() => TpmKeyText.Read(context.Store.ReadPending()) is { Handle: { } handle }
        ? TpmChip.Holds(context.Tpm, handle)
        : TpmChip.Protection(context.Tpm);

    public VerbReport Export(string stick)
    {
        const string verb = "export";
        if (context.RefuseElsewhere(verb) is { } elsewhere)
        {
            return elsewhere;
        }

        if (Pending() is not { } request)
        {
            return VerbReport.Failed(verb, ExitCode.Unavailable, "There is no request to export.",
                "No key was made, or its certificate is in use already.",
                "make a key and its request: sluice-agent identity init.");
        }

        var file = StickLayout.RequestOf(stick, request.GatewayId);
        if (!Directory.Exists(stick))
        {
            return NoStick(verb, $"There is no folder {stick}.");
        }

        if (Write(file, Encoding.ASCII.GetBytes(request.Pem)) is { } problem)
        {
            return NoStick(verb, problem);
        }

        context.Log(verb, "done", $"Request for key {request.KeyFingerprint} to {file}.");
        return Told(verb, request, $"The request of {request.GatewayId} is in {file}; its key is "
            + $"{request.KeyFingerprint}.", "At the CA: sluice-provision sign, and compare these letters.")
            with { Files = [file] };
    }

    /// <param name="from">A stick, or the file itself.</param>
    /// <param name="confirms">Asked where no root is pinned yet.</param>
    public VerbReport Import(string from, Func<X509Certificate2, bool> confirms)
    {
        const string verb = "import";
        if (context.RefuseElsewhere(verb) is { } elsewhere)
        {
            return elsewhere;
        }

        var file = Directory.Exists(from) ? StickLayout.BundleOf(from, context.GatewayId) : from;
        if (StickLayout.Read(file, BundleEnvelope.BytesMax, out var problem) is not { } bytes)
        {
            return VerbReport.Failed(verb, ExitCode.Storage, problem + ".", "Nothing was changed.",
                "have the plant's CA write the bundle to the stick, and name the stick or the file.")
                with { Files = Others(from) };
        }

        return Take(file, bytes, confirms);
    }

    /// <param name="file">Where the bundle came from, for log and report.</param>
    /// <param name="bytes">The bundle.</param>
    /// <param name="confirms">Asked where no root is pinned yet.</param>
    public VerbReport Take(string file, byte[] bytes, Func<X509Certificate2, bool> confirms)
    {
        const string verb = "import";
        if (context.RefuseElsewhere(verb) is { } elsewhere)
        {
            return elsewhere;
        }

        var state = context.Store.Look();
        if (IsHere(state, BundleInstall.HashOf(bytes)) is { } known)
        {
            return new VerbReport
            {
                Verb = verb,
                ExitCode = ExitCode.Fine,
                Gateway = context.GatewayId,
                Identity = StateOf(state),
                Sentence = $"This bundle is here already: version {known}.",
            };
        }

        var pinned = stored.Pinned(state);
        string? because = null;
        var verdict = BundleJudge.Judge(bytes, new BundleExpectation
        {
            GatewayId = context.GatewayId,
            Site = context.Site,
            Pinned = pinned,
            ConfirmsRoot = root =>
            {
                (var isConfirmed, because) = new BenchToken(context).Judge(root, confirms);
                return isConfirmed;
            },
            VersionMax = state.VersionMax,
            HasKeyOf = certificate => stored.KeyOf(state, certificate) is not null,
            Time = context.Time(),
        });
        pinned?.Dispose();
        var report = !verdict.IsTaken ? Refused(verb, file, verdict)
            : BroughtWork.Refuse(context, verb, file, verdict.Content!) ?? Stage(verb, file, bytes, verdict, state);
        return because is null ? report : report with { Notes = [because, .. report.Notes ?? []] };
    }

    public KeyRequest? Pending() =>
        context.Store.ReadPending() is { } bytes ? KeyRequest.Read(bytes, out _) : null;

    internal static VerbIdentity StateOf(IdentityState state) =>
        new(state.HasRequest, state.Staged, state.IsStagedVerified, state.Active, state.Previous);

    private VerbReport Refused(string verb, string file, BundleVerdict verdict)
    {
        context.Log(verb, "refused", $"{file}: {verdict.Refusal}: {verdict.Happened}.");
        return VerbReport.Failed(verb, ExitCode.Unclear, verdict.Happened + ".",
            "Nothing was changed: the gateway is as it was.", verdict.Do + ".") with
        {
            Gateway = context.GatewayId,
            Refusal = verdict.Refusal.ToString(),
            RootFingerprint = verdict.Root is { } root ? Fingerprint.Of(root) : null,
        };
    }

    private VerbReport Stage(string verb, string file, byte[] bytes, BundleVerdict verdict, IdentityState state)
    {
        var content = verdict.Content!;
        using var leaf = X509CertificateLoader.LoadCertificate(content.Chain[0].Span);
        var key = stored.KeyOf(state, leaf) ?? throw new InvalidOperationException("Its key was here a moment ago.");
        context.Log(verb, "begun", $"{file}: version {content.Version}.", verdict.Serial);
        try
        {
            context.Store.Stage(
                content.Version, BundleInstall.Files(
                    BroughtWork.Over(context, stored.WithYoungestLists(state, content)), bytes, key));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }

        context.Log(verb, "done", $"Version {content.Version} is staged, under root {Fingerprint.Of(verdict.Root!)}.",
            verdict.Serial);
        context.Bind(verb);
        List<string> notes = [.. verdict.Warnings.Select(warning => $"{warning}.")];
        if (content.Broker is { } broker && BrokerDifference(
            broker.Host, [.. broker.Addresses.Select(one => one.ToString())], broker.Port) is { } difference)
        {
            notes.Add(difference);
        }

        notes.AddRange(BroughtWork.Notes(context, content));
        notes.Add("Next: sluice-agent identity verify.");
        return new VerbReport
        {
            Verb = verb,
            ExitCode = ExitCode.Fine,
            Gateway = context.GatewayId,
            Site = context.Site,
            RootFingerprint = Fingerprint.Of(verdict.Root!),
            Identity = StateOf(context.Store.Look()) with
            {
                Serial = verdict.Serial,
                NotBefore = leaf.NotBefore,
                NotAfter = leaf.NotAfter,
            },
            Sentence = $"Version {content.Version} is staged: a certificate for {context.GatewayId} until "
                + $"{leaf.NotAfter.ToUniversalTime():yyyy-MM-dd}. What is in use has not changed.",
            Notes = notes,
        };
    }

    /// <summary>What the bundle says of the broker and the configuration does not, or null.</summary>
    public string? BrokerDifference(string host, IReadOnlyList<string> addresses, int port)
    {
        var broker = context.Configuration.Broker;
        return broker.Host == host && broker.Port == port
            && broker.Addresses.All(address => addresses.Contains(address.ToString()))
            ? null
            : $"The plant's CA says that the broker is {host}, {string.Join(" or ", addresses)}, port {port}; the "
                + $"configuration says {broker.Host}, {string.Join(" or ", broker.Addresses)}, port {broker.Port}, "
                + "and that counts. Mend whichever is wrong.";
    }

    private VerbReport Told(string verb, KeyRequest request, string sentence, string note) => new()
    {
        Verb = verb,
        ExitCode = ExitCode.Fine,
        Gateway = request.GatewayId,
        Site = context.Site,
        KeyFingerprint = request.KeyFingerprint,
        Identity = StateOf(context.Store.Look()),
        Sentence = sentence,
        Notes = [note, .. (verb == "init" ? OfThisMachine() : [])],
    };

    private IEnumerable<string> OfThisMachine() => new[]
    {
        context.Configuration.Identity.IsKeyInTpm ? null : TpmChip.Note(context.Tpm),
        context.Machine.AreKnown ? null : BindingWords.Unknown,
    }.OfType<string>();

    private static VerbReport NoStick(string verb, string happened) => VerbReport.Failed(
        verb, ExitCode.Storage, happened, "Nothing was written under its name.",
        "see to the stick (is it full, was it pulled out, may this user write to it?), and do it again.");

    private static string? Write(string file, byte[] bytes)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return $"{Path.GetDirectoryName(file)} cannot be made: {world.Message}";
        }

        return SafeFile.Replace(file, bytes);
    }

    /// <summary>For somebody who brought the stick of another cabinet: which bundles lie on it.</summary>
    private static IReadOnlyList<string>? Others(string stick)
    {
        var folder = Path.Combine(stick, StickLayout.Folder);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*" + StickLayout.BundleEnding).Take(20)]
            : null;
    }

    private string? IsHere(IdentityState state, string hash) =>
        new[] { state.Staged, state.Active }.OfType<string>().FirstOrDefault(version =>
            context.Store.ReadFile(version, IdentityDirectory.BundleFile) is { } json
            && BundleInstall.Read(json)?.Hash == hash);
}
