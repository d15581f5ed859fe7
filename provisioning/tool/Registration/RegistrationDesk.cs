using System.Text.Json;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Requests;

namespace Sluice.Provision.Registration;

/// <summary>
/// Decides what becomes of a gateway's message. A core: the message and the CA's register go in, a decision comes out.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Only a gateway that has a certificate in force gets one by itself; the broker's access list vouches that the
/// topic is its own, and the request must name the same gateway.</item>
/// <item>One key has one certificate: whoever asks again, after whatever crash, gets that one.</item>
/// <item>What was revoked, and what a person refused, is never signed here.</item>
/// <item>What cannot be judged gets one sentence at most; what comes too often gets none.</item>
/// </list>
/// </summary>
internal sealed class RegistrationDesk(string site, DeskPolicy policy, TimeProvider clock)
{
    public const string RequestType = "application/pkcs10";

    private const int CorrelationBytes = 16;

    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Held = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Later = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly DeskRates rates = new(policy, clock);

    /// <summary>Messages that came too often, since the start.</summary>
    public long Unheard => rates.Unheard;

    public static string ReplyTopic(string site, string gateway) => $"sluice/v1/{site}/{gateway}/cert/reply";

    /// <summary>Null where it is worth looking at; asked first, so that a flood costs nothing more.</summary>
    public DeskDecision? Turned(DeskMessage message)
    {
        if (Parts(message.Topic) is not { } topic)
        {
            return new DeskDecision(DeskAct.Ignore, "", "This is no topic of a gateway's certificate.");
        }

        if (message.Retained)
        {
            return new DeskDecision(DeskAct.Ignore, topic.Gateway, "It was retained: nobody asks that now.");
        }

        return rates.Hears(topic.Gateway)
            ? null
            : new DeskDecision(DeskAct.Ignore, topic.Gateway, "It asks too often.");
    }

    public DeskDecision Judge(DeskMessage message, Register register)
    {
        var (gateway, isConfirm) = Parts(message.Topic) ?? throw new InvalidOperationException("Turned was not asked.");
        return isConfirm
            ? JudgeConfirm(gateway, message.Payload, register)
            : RefuseForm(gateway, message) ?? JudgeRequest(gateway, message, register);
    }

    /// <summary>A request that a person has approved since it was held.</summary>
    public DeskDecision JudgeApproved(HeldRequest held, Register register)
    {
        var message = new DeskMessage(
            $"sluice/v1/{site}/{held.Gateway}/cert/csr", Convert.FromBase64String(held.Request))
        {
            Correlation = Convert.FromHexString(held.Correlation),
        };
        return JudgeRequest(held.Gateway, message, register);
    }

    private static DeskDecision? RefuseForm(string gateway, DeskMessage message)
    {
        if (message.Correlation.Length == 0)
        {
            return new DeskDecision(DeskAct.Ignore, gateway, "The request has no correlation data to answer with.");
        }

        if (message.Correlation.Length != CorrelationBytes)
        {
            return Refuse(gateway, $"The correlation data must have {CorrelationBytes} bytes.", Day);
        }

        return message.ContentType.Length > 0 && message.ContentType != RequestType
            ? Refuse(gateway, $"The content type must be {RequestType}.", Day)
            : null;
    }

    private DeskDecision JudgeRequest(string gateway, DeskMessage message, Register register)
    {
        if (KeyRequest.Read(message.Payload.Span, out var problem) is not { } request)
        {
            return Refuse(gateway, $"The request cannot be used: {problem}.", Day);
        }

        var decision = RefuseRequest(gateway, request, register)
            ?? JudgeKey(gateway, message.CorrelationText, request, register)
            ?? JudgeStanding(gateway, request, register);
        return decision with { Request = request };
    }

    private DeskDecision? RefuseRequest(string gateway, KeyRequest request, Register register)
    {
        var problems = new List<string>();
        if (request.GatewayId != gateway)
        {
            problems.Add($"it names gateway '{request.GatewayId}', and came from '{gateway}'");
        }

        if (request.Plant != site)
        {
            problems.Add($"it names plant '{request.Plant}', and this is the CA of '{site}'");
        }

        if (!request.IsP256)
        {
            problems.Add("its key is none on the curve P-256");
        }

        if (register.Issued.Any(each => each.Name == gateway && each.Kind != "gateway"))
        {
            problems.Add($"'{gateway}' is no gateway");
        }

        if (problems.Count > 0)
        {
            return Refuse(gateway, $"The request was refused: {string.Join("; ", problems)}.", Day);
        }

        return register.Issued.Any(each => each.NotBefore > clock.GetUtcNow())
            ? Refuse(gateway, "The registration authority's clock is behind what it has signed already; it signs "
                + "nothing until it is right.", Later)
            : null;
    }

    private static DeskDecision? JudgeKey(
        string gateway, string correlation, KeyRequest request, Register register)
    {
        if (register.Issued.LastOrDefault(each => each.KeyFingerprint == request.KeyFingerprint) is { } known)
        {
            if (known.Name != gateway || known.RevokedAt is not null)
            {
                return Refuse(gateway, known.Name != gateway
                    ? "This key belongs to somebody else already."
                    : "The certificate for this key was revoked; make a new key.", Day);
            }

            return known == InForce(gateway, register).LastOrDefault()
                ? new DeskDecision(DeskAct.Resend, gateway, $"It asked again for {known.Serial}.")
                {
                    Serial = known.Serial,
                }
                : Refuse(gateway, "A newer certificate was made after the one for this key; make a new key.", Later);
        }

        return register.Issued.Any(each => each.Name == gateway && each.Correlation == correlation)
            ? Refuse(gateway, "This correlation data was used for another key already.", Later)
            : null;
    }

    private DeskDecision JudgeStanding(string gateway, KeyRequest request, Register register)
    {
        var now = clock.GetUtcNow();
        var held = register.Held.FirstOrDefault(each =>
            each.Gateway == gateway && each.KeyFingerprint == request.KeyFingerprint);
        if (held is { Verdict: HeldRequest.Refused })
        {
            return Refuse(gateway, "A person at the CA refused this key.", Day) with { IsNews = false };
        }

        var own = register.Issued.Where(each => each.Name == gateway).ToList();
        if (own.Count > 0 && own.TrueForAll(each => each.RevokedAt is not null))
        {
            return Refuse(gateway, "Its certificate was revoked: it gets a new one with a stick only.", Day);
        }

        if (!policy.Issues)
        {
            return Hold(gateway, held, register, "the plant's own CA makes its certificate");
        }

        if (held is { Verdict: HeldRequest.Approved })
        {
            return Sign(gateway, own.LastOrDefault()?.Serial ?? "", "A person approved its key.");
        }

        if (own.Count == 0 || own[^1].RevokedAt is not null || own[^1].WipedAt is not null || own[^1].NotAfter <= now)
        {
            return Hold(gateway, held, register, own.Count == 0
                ? "this CA has no certificate of it"
                : own[^1].WipedAt is not null ? "it said that it was wiped"
                : "its newest certificate is not in force any more");
        }

        var today = own.Where(each => each.SignedAt > now - Day && each.Correlation.Length > 0).ToList();
        return today.Count < policy.PerGatewayAndDay
            ? Sign(gateway, own[^1].Serial, "It is known, and its certificate is in force.")
            : Refuse(gateway, $"It got {today.Count} certificates within a day, which is all that it gets.",
                today[0].SignedAt!.Value + Day - now);
    }

    private DeskDecision Sign(string gateway, string oldSerial, string sentence) => rates.Signs()
        ? new DeskDecision(DeskAct.Sign, gateway, sentence) { OldSerial = oldSerial }
        : Refuse(gateway, "The registration authority has more to do than it does in a minute.", Soon);

    private DeskDecision Hold(string gateway, HeldRequest? held, Register register, string why) =>
        held is null && register.Held.Count >= policy.HeldMax && register.Held.All(each => each.Gateway != gateway)
            ? Refuse(gateway, $"It would be held for a person, and {policy.HeldMax} wait already.", Later)
            : new DeskDecision(DeskAct.Hold, gateway,
                $"The request is held until a person at the CA has compared the key's letters: {why}.")
            {
                RetryAfter = Held,
                IsNews = held is null,
            };

    private static DeskDecision JudgeConfirm(string gateway, ReadOnlyMemory<byte> payload, Register register)
    {
        if (SerialOf(payload) is not { } serial)
        {
            return new DeskDecision(DeskAct.Ignore, gateway, "Its confirmation cannot be read.");
        }

        if (InForce(gateway, register).LastOrDefault(each => AreSame(each.Serial, serial)) is not { } known)
        {
            return new DeskDecision(DeskAct.Ignore, gateway, "It confirms a certificate that it does not have.");
        }

        return known.ConfirmedAt is null
            ? new DeskDecision(DeskAct.Confirm, gateway, "It runs on its new certificate.") { Serial = known.Serial }
            : new DeskDecision(DeskAct.Ignore, gateway, "It confirms again.") { IsNews = false };
    }

    private static string? SerialOf(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var json = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 4 });
            return json.RootElement.GetProperty("v").GetInt32() == 1
                ? json.RootElement.GetProperty("serial").GetString()
                : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException)
        {
            return null;
        }
    }

    private static IEnumerable<Registered> InForce(string gateway, Register register) => register.Issued
        .Where(each => each.Name == gateway && each.Kind == "gateway" && each.RevokedAt is null);

    private static bool AreSame(string one, string other) =>
        string.Equals(one.TrimStart('0'), other.TrimStart('0'), StringComparison.OrdinalIgnoreCase);

    private static DeskDecision Refuse(string gateway, string sentence, TimeSpan retryAfter) =>
        new(DeskAct.Refuse, gateway, sentence) { RetryAfter = retryAfter };

    private (string Gateway, bool IsConfirm)? Parts(string topic)
    {
        var levels = topic.Split('/');
        return levels is ["sluice", "v1", _, _, "cert", "csr" or "confirm"] && levels[2] == site
            && KeyRequest.IsName(levels[3])
                ? (levels[3], levels[5] == "confirm")
                : null;
    }
}
