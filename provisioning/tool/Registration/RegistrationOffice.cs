using System.Security.Cryptography;
using System.Text.Json;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Trust;

namespace Sluice.Provision.Registration;

/// <summary>
/// Does what the desk decided: in the CA's folder, which is locked for one act at a time so that other verbs can work
/// beside it. Called from one loop. What was done is in the register and the log before anybody hears of it.
/// </summary>
internal sealed class RegistrationOffice(
    string directory, string site, string passphrase, DeskPolicy policy, TimeProvider clock, Action<string> say)
{
    public const string Verb = "ra";

    private const string AnswersFolder = "answers";

    private static readonly string[] Inputs = ["root.pem", "issuing.pem", "signer.pem", "crl.pem", "root-crl.pem"];

    private readonly RegistrationDesk desk = new(site, policy, clock);
    private string trustInputs = "";
    private long unheardTold;

    /// <summary>What to answer; null for nothing. Throws IOException where the folder is in use or fails.</summary>
    public DeskAnswer? Take(DeskMessage message)
    {
        if (desk.Turned(message) is not null)
        {
            TellUnheard();
            return null;
        }

        using var folder = AuthorityFolder.Open(directory);
        return Act(folder, desk.Judge(message, folder.ReadRegister()), message.Correlation);
    }

    /// <summary>Signs what was approved since it was held: the gateway gets it before it asks again.</summary>
    public IReadOnlyList<DeskAnswer> Approved()
    {
        using var folder = AuthorityFolder.Open(directory);
        var answers = new List<DeskAnswer>();
        foreach (var held in folder.ReadRegister().Held.Where(each => each.Verdict == HeldRequest.Approved))
        {
            var decision = desk.JudgeApproved(held, folder.ReadRegister());
            if (decision.Act is DeskAct.Sign or DeskAct.Resend
                && Act(folder, decision, Convert.FromHexString(held.Correlation)) is { } answer)
            {
                answers.Add(answer);
            }
        }

        return answers;
    }

    /// <summary>The trust bundle, where the folder says something else than at the last call; else null.</summary>
    /// <param name="isFresh">Also where it says the same.</param>
    public DeskAnswer? Trust(bool isFresh)
    {
        var inputs = TrustInputs();
        if (!isFresh && inputs == trustInputs)
        {
            return null;
        }

        using var folder = AuthorityFolder.Open(directory);
        var before = folder.ReadRegister().TrustVersion;
        var authority = new PlantAuthority(folder, clock);
        var (bytes, version) = authority.Trust(passphrase);
        trustInputs = inputs;
        if (version != before)
        {
            var made = new DeskDecision(DeskAct.Sign, "", $"Trust bundle {version} was made.");
            Note(folder, made, "ra trust", "done", "");
        }

        return new DeskAnswer($"sluice/v1/{site}/trust", bytes, TrustContent.ContentType) { Retain = true };
    }

    public void Begin(AuthorityFolder folder)
    {
        Note(folder, new DeskDecision(DeskAct.Ignore, "", "The registration authority began."), "ra start", "done", "");
    }

    private DeskAnswer? Act(AuthorityFolder folder, DeskDecision decision, ReadOnlyMemory<byte> correlation)
    {
        var hex = Convert.ToHexStringLower(correlation.Span);
        switch (decision.Act)
        {
            case DeskAct.Sign:
            case DeskAct.Resend:
                var bundle = Bundle(folder, decision, hex);
                if (bundle.Length > EnvelopeKind.WireBytesMax)
                {
                    // The broker would keep it from the gateway without a word, and it would ask for ever.
                    return Refusal(decision with
                    {
                        Sentence = $"the bundle has {bundle.Length >> 10} KiB, more than comes over the broker: bring "
                            + "it on a stick (sluice-provision bundle)",
                        RetryAfter = TimeSpan.FromDays(1),
                    }, correlation);
                }

                return new DeskAnswer(
                    RegistrationDesk.ReplyTopic(site, decision.Gateway), bundle, "application/vnd.sluice.bundle")
                {
                    Correlation = correlation,
                };
            case DeskAct.Hold:
                if (decision.IsNews)
                {
                    Keep(folder, decision, hex);
                    Note(folder, decision, "ra renew", "held", hex);
                }

                return Refusal(decision, correlation);
            case DeskAct.Refuse:
                if (decision.IsNews)
                {
                    Note(folder, decision, "ra renew", "refused", hex);
                }

                return Refusal(decision, correlation);
            case DeskAct.Confirm:
                Confirm(folder, decision);
                Note(folder, decision, "ra confirm", "done", hex);
                return null;
            default:
                if (decision.IsNews)
                {
                    Note(folder, decision, "ra", "refused", hex);
                }

                return null;
        }
    }

    private byte[] Bundle(AuthorityFolder folder, DeskDecision decision, string correlation)
    {
        var authority = new PlantAuthority(folder, clock);
        var file = $"{AnswersFolder}/{decision.Gateway}.bundle";
        if (decision.Act == DeskAct.Resend)
        {
            if (Sent(folder, file, decision) is { } sent)
            {
                return sent;
            }

            // It was signed, and the end came before it was sent.
            var (again, version) = authority.Bundle(decision.Gateway, passphrase);
            folder.Write(file, again);
            Note(folder, decision with { Sentence = $"Bundle {version} around the certificate for the same key." },
                "ra renew", "done", correlation);
            return again;
        }

        Note(folder, decision, "ra renew", "begun", correlation);
        var (bundle, registered, made) = authority.Sign(decision.Request!, passphrase, policy.Life, correlation);
        folder.Write(file, bundle);
        Note(folder, decision with
        {
            Serial = registered.Serial,
            Sentence = $"Bundle {made}, key {registered.KeyFingerprint}, valid until {registered.NotAfter:yyyy-MM-dd}. "
                + decision.Sentence,
        }, "ra renew", "done", correlation);
        return bundle;
    }

    private static byte[]? Sent(AuthorityFolder folder, string file, DeskDecision decision)
    {
        if (!File.Exists(folder.At(file)))
        {
            return null;
        }

        var bytes = File.ReadAllBytes(folder.At(file));
        var content = BundleEnvelope.Open(bytes, out _) is { } envelope
            ? BundleContent.Read(envelope.Payload, out _)
            : null;
        if (content is null || content.Version != folder.ReadRegister().Bundles.GetValueOrDefault(decision.Gateway))
        {
            return null;
        }

        using var leaf = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(
            content.Chain[0].Span);
        return leaf.SerialNumber == decision.Serial ? bytes : null;
    }

    private void Keep(AuthorityFolder folder, DeskDecision decision, string correlation)
    {
        var register = folder.ReadRegister();
        var request = decision.Request!;
        folder.Write(register with
        {
            Held =
            [
                .. register.Held.Where(each => each.Gateway != decision.Gateway),
                new HeldRequest(
                    decision.Gateway, request.KeyFingerprint,
                    Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(request.Pem)), correlation,
                    clock.GetUtcNow()),
            ],
        });
    }

    private void Confirm(AuthorityFolder folder, DeskDecision decision)
    {
        var register = folder.ReadRegister();
        var now = clock.GetUtcNow();
        var at = register.Issued.ToList().FindIndex(each =>
            each.Name == decision.Gateway && each.Serial == decision.Serial);
        folder.Write(register with
        {
            Issued = [.. register.Issued.Select((each, index) => each.Name != decision.Gateway ? each
                : index == at ? each with { ConfirmedAt = now }
                : index < at && each.RevokedAt is null ? each with { SupersededAt = each.SupersededAt ?? now }
                : each)],
        });
    }

    private DeskAnswer Refusal(DeskDecision decision, ReadOnlyMemory<byte> correlation)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("refused", decision.Sentence);
            json.WriteNumber("retryAfterSeconds", (long)Math.Ceiling(decision.RetryAfter.TotalSeconds));
            json.WriteEndObject();
        }

        return new DeskAnswer(
            RegistrationDesk.ReplyTopic(site, decision.Gateway), bytes.ToArray(), "application/json")
        {
            Correlation = correlation,
        };
    }

    private void Note(AuthorityFolder folder, DeskDecision decision, string verb, string result, string correlation)
    {
        new AuditLog(new FolderDisk(folder.Directory)).Append(new AuditEntry(
            clock.GetUtcNow(), "unknown", decision.Gateway.Length > 0 ? decision.Gateway : Verb,
            correlation.Length > 0 ? $"mqtt {correlation}" : "none", verb, result, decision.OldSerial, decision.Serial,
            decision.Sentence));
        say($"{(decision.Gateway.Length > 0 ? decision.Gateway + " " : "")}{verb}, {result}: {decision.Sentence}");
    }

    private void TellUnheard()
    {
        // Each power of two: a flood must not fill what it is told to.
        if (desk.Unheard > 0 && desk.Unheard >= unheardTold * 2)
        {
            unheardTold = desk.Unheard;
            say($"{unheardTold} messages were not looked at: too many within a minute.");
        }
    }

    private string TrustInputs()
    {
        var trusted = Path.Combine(directory, TrustedFolder.Name);
        var others = Directory.Exists(trusted) ? Directory.GetFiles(trusted, "*.pem") : [];
        var files = Inputs.Select(name => Path.Combine(directory, name)).Where(File.Exists)
            .Concat(others.Order(StringComparer.Ordinal));
        return string.Join(' ', files.Select(file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));
    }
}
