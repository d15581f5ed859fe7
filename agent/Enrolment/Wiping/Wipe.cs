using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Agent.Binding;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Verbs;
using Sluice.Provisioning.Wiping;

namespace Sluice.Agent.Enrolment.Wiping;

/// <summary>
/// <c>identity wipe</c>: destroys keys, certificates, buffer and configuration, and leaves a receipt that the key
/// signed before it was destroyed. Used by the verb, by a stick's job, and by a start of the agent that finds one
/// begun.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>The receipt in the directory is the switch: before its rename nothing was destroyed, and after it the gateway
/// is a wiped one that says so, and no key of it is used again. What a power cut left over is destroyed by the next
/// start or verb.</item>
/// <item>Keys go first; the configuration, which says where all of it lies, goes last.</item>
/// <item>A receipt is handed out only after the keys are gone.</item>
/// </list>
/// </summary>
internal sealed class Wipe(
    EnrolmentContext context, IReadOnlyList<WipeTarget> before, IReadOnlyList<WipeTarget> after, long bufferBytes)
{
    private const string Verb = "wipe";

    private const string InTpm = "keys in the TPM";

    private readonly StoredIdentity stored = new(context.Store);
    private readonly List<VerbStep> steps = [];

    /// <param name="handOut">Where the receipt is wanted too: null, or why it did not get there.</param>
    /// <param name="cancellationToken">Ends the wait for a running agent.</param>
    public async Task<VerbReport> RunAsync(Func<byte[], string?>? handOut, CancellationToken cancellationToken)
    {
        if (context.Store.ReadWiping() is null)
        {
            context.Log(Verb, "begun", $"Keys, certificates, buffer and configuration of {context.GatewayId}.");
            context.Store.BeginWipe(Receipt());
        }

        var receipt = context.Store.ReadWiping() ?? throw new InvalidOperationException("It was just written.");
        context.Store.Erase(BindingRecord.FileName, SiteToken.FileName, GoodTimeFile.Name);
        steps.Add(new VerbStep("keys and certificates", true, "deleted"));
        if (!await DestroyAsync(before, cancellationToken).ConfigureAwait(false)
            || !IsTpmEmptied(receipt)
            || !HandOut(receipt, handOut)
            || !await DestroyAsync(AfterOf(receipt), cancellationToken).ConfigureAwait(false))
        {
            var left = steps[^1];
            LogOnce($"{left.Name}: {left.Verdict}");
            return VerbReport.Failed(Verb, ExitCode.Storage, (left.Name == InTpm ? "The wipe is not at its end: "
                : "The keys are destroyed, and something is left: ") + $"{left.Name}: {left.Verdict}",
                "This gateway does not run any more; its identity is gone for good.",
                "see to that, and do it again: sluice-agent identity wipe. It goes on where it stopped.") with
            {
                Gateway = context.GatewayId, Steps = steps,
            };
        }

        context.Store.EndWipe();
        context.Log(Verb, "done", "Nothing is left but this log and the receipt.");
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ExitCode.Fine,
            Gateway = context.GatewayId,
            Site = context.Site,
            Steps = steps,
            Sentence = $"{context.GatewayId} is wiped.",
            Files = [At(IdentityStore.WipedFile)],
            Notes = [Signed(receipt)
                ? $"The receipt is {At(IdentityStore.WipedFile)}: at the CA, sluice-provision receipt verify."
                : "There was no key to sign a receipt with: nobody at the CA can verify this one.",
                "Files were deleted, and not overwritten, which no flash would keep to: have the CA revoke the "
                    + "certificate (sluice-provision revoke)."],
        };
    }

    /// <summary>What a receipt says, for a sentence; null where the bytes are none.</summary>
    public static WipeReceipt? Read(byte[] bytes) =>
        BundleEnvelope.Open(EnvelopeKind.Receipt, bytes, out _) is { } envelope
            ? WipeReceipt.Read(envelope.Payload)
            : WipeReceipt.Read(bytes);

    /// <summary>A configuration that somebody laid there since is not what was to be destroyed.</summary>
    private IReadOnlyList<WipeTarget> AfterOf(byte[] receipt) =>
        Read(receipt)?.Configuration == context.Configuration.Hash ? after : [];

    private static bool Signed(byte[] bytes) => BundleEnvelope.Open(EnvelopeKind.Receipt, bytes, out _) is not null;

    private string At(string file) => Path.Combine(context.Configuration.Identity.Directory, file);

    /// <summary>False where keys may be left in it: then the receipt stays here.</summary>
    private bool IsTpmEmptied(byte[] receipt)
    {
        if (Read(receipt)?.TpmKeys is not > 0)
        {
            return true;
        }

        try
        {
            steps.Add(new VerbStep(InTpm, true, $"{context.Keys.Empty()} let go of"));
            return true;
        }
        catch (TpmException failed)
        {
            steps.Add(new VerbStep(InTpm, false, failed.Message));
            return false;
        }
    }

    private async Task<bool> DestroyAsync(IReadOnlyList<WipeTarget> targets, CancellationToken cancellationToken)
    {
        foreach (var target in targets)
        {
            var problem = await target.Destroy(cancellationToken).ConfigureAwait(false);
            steps.Add(new VerbStep(target.Name, problem is null, problem ?? target.Done));
            if (problem is not null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A service manager starts the agent again every few seconds: the same failure is one line.</summary>
    private void LogOnce(string failure)
    {
        if (context.Audit.NewestOf(Verb) is not { Result: "failed" } newest || newest.Text != failure)
        {
            context.Log(Verb, "failed", failure);
        }
    }

    private bool HandOut(byte[] receipt, Func<byte[], string?>? handOut)
    {
        if (handOut is null || !Signed(receipt))
        {
            return true;
        }

        var problem = handOut(receipt);
        steps.Add(new VerbStep("receipt", problem is null, problem ?? "handed out"));
        return problem is null;
    }

    private byte[] Receipt()
    {
        var state = context.Store.Look();
        var versions = new[] { (state.Active, "in use"), (state.Previous, "before"), (state.Staged, "staged") }
            .Where(each => each.Item1 is not null).Select(each => (Version: each.Item1!, Role: each.Item2)).ToList();
        var certificates = new List<WipedCertificate>();
        foreach (var (version, role) in versions)
        {
            using var leaf = stored.Leaf(version);
            certificates.Add(new WipedCertificate(leaf?.SerialNumber ?? "", version, role));
        }

        // A copy speaks for no gateway: the one that it was copied from still has its key.
        var isOurs = context.Binding.Look() != BindingState.Elsewhere;
        var content = new WipeReceipt
        {
            Gateway = context.GatewayId,
            Site = context.Site,
            At = context.Clock.GetUtcNow(),
            Clock = EnrolmentContext.WordOf(context.Time()),
            Agent = AgentVersion.Text,
            Machine = context.Machine.Words,
            Certificates = certificates,
            PendingKey = new Enrol(context).Pending()?.KeyFingerprint ?? "",
            BufferBytes = bufferBytes,
            Configuration = context.Configuration.Hash,
            AuditHead = context.Audit.Head ?? "",
            TpmKeys = isOurs ? context.Keys.Count(context.Store.KeysElsewhere()) : 0,
        }.Write();

        return (isOurs ? versions.Select(each => Sealed(each.Version, content)).FirstOrDefault(each => each is not null)
            : null) ?? content;
    }

    /// <summary>Null where the version has no key that can sign.</summary>
    private byte[]? Sealed(string version, byte[] content)
    {
        var path = stored.Path(version);
        var text = context.Store.ReadFile(version, IdentityDirectory.KeyFile);
        try
        {
            if (path.Count == 0 || text is null
                || StoredIdentity.KeyIn(text, Fingerprint.OfKey(path[0])) is not { } pem)
            {
                return null;
            }

            using var key = context.Keys.Signer(pem) ?? InFile(pem);
            CryptographicOperations.ZeroMemory(pem);
            return BundleEnvelope.Seal(EnvelopeKind.Receipt, content, path, key);
        }
        catch (TpmException)
        {
            // A TPM that does not have it, or not any more: to nobody's loss but the signature's.
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            foreach (var each in path)
            {
                each.Dispose();
            }
        }
    }

    private static ECDsa InFile(byte[] pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(Encoding.ASCII.GetString(pem));
        return key;
    }
}
