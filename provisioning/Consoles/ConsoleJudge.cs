using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Consoles;

/// <summary>What is known of the gateway that a console token comes to.</summary>
/// <param name="Site">Its plant.</param>
/// <param name="Gateway">Its id.</param>
/// <param name="Pinned">Whom it believes; null: nobody yet, and no token opens anything.</param>
/// <param name="Time">By which dates are judged.</param>
/// <param name="Used">Tokens that opened before.</param>
public sealed record ConsoleExpectation(
    string Site, string Gateway, TrustAnchors? Pinned, ValidityTime Time, IReadOnlyCollection<string> Used);

/// <summary>Taken, or why not and what to do.</summary>
public sealed record ConsoleVerdict(ConsoleToken? Token, string Happened, string Do);

/// <summary>
/// Says whether a token opens the console. A core.
/// <para>Invariants: nothing inside is parsed before the signature fits and leads to a pinned root; a token opens one
/// gateway, once; a clock that is not set makes an expired token no younger than the last good time that was
/// kept.</para>
/// </summary>
public static class ConsoleJudge
{
    public static ConsoleVerdict Judge(ReadOnlyMemory<byte> bytes, ConsoleExpectation expected)
    {
        if (expected.Pinned is null)
        {
            return Refuse("This gateway believes nobody yet: it has no identity", "bring its first bundle");
        }

        if (BundleEnvelope.Open(EnvelopeKind.Console, bytes, out var problem) is not { } envelope)
        {
            return Refuse($"This cannot be read as a console token: {problem}", "copy it again");
        }

        if (SignerJudge.Refuse(envelope, expected.Pinned, expected.Time) is { } refusal)
        {
            return Refuse(refusal.Happened, refusal.Do);
        }

        if (ConsoleToken.Read(envelope.Payload, out problem) is not { } token)
        {
            return Refuse($"The console token is signed, and cannot be used: {problem}",
                "make it anew, with the version of sluice-provision that fits this agent");
        }

        // A clock that is not set may be years behind; the token was signed, so it is not earlier than that.
        var now = expected.Time.MayAct || expected.Time.At > token.From ? expected.Time.At : token.From;
        return token.Site != expected.Site || token.Gateway != expected.Gateway
                ? Refuse($"The console token is for {token.Gateway} of {token.Site}, and this is {expected.Gateway} of "
                    + expected.Site, "make one for this gateway")
            : now < token.From
                ? Refuse($"The console token counts from {token.From:yyyy-MM-dd HH:mm}Z on, and it is "
                    + $"{now:yyyy-MM-dd HH:mm}Z", "see to the clocks of the CA's computer and of this gateway")
            : now >= token.Until
                ? Refuse($"The console token counted until {token.Until:yyyy-MM-dd HH:mm}Z, and it is "
                    + $"{now:yyyy-MM-dd HH:mm}Z", "make a new one")
            : expected.Used.Contains(token.Id)
                ? Refuse("The console token has opened this console before, and opens it once", "make a new one")
            : new ConsoleVerdict(token, "", "");
    }

    private static ConsoleVerdict Refuse(string happened, string todo) => new(null, happened, todo);
}
