using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Sizing;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Posture;

/// <summary>
/// The posture's place beside the publisher's loop: takes what the host shows, puts it together with what the loop
/// knows, and says what is to be sent. Nothing goes before the host was looked at once.
/// </summary>
internal sealed class PostureDesk(GatewayConfiguration configuration, PostureEncoder encoder)
{
    /// <summary>More lists than a plant has CAs that sign for one gateway.</summary>
    private const int RevocationListsMax = 8;

    private volatile HostSighting? host;
    private volatile TrustFacts? trust;

    public PosturePlan Plan { get; } = new();

    /// <summary>What the machine shows of itself; from any thread.</summary>
    public void Tell(HostSighting seen) => host = seen;

    /// <summary>Whose lists are in use, also since the connection was made; from any thread.</summary>
    public void Tell(IdentityStanding standing)
    {
        var now = new TrustFacts(IdentityStore.TrustOf(standing.Version), standing.RevocationLists);
        if (standing.Version is not null && !now.IsSame(trust))
        {
            trust = now;
        }
    }

    /// <summary>What is to be sent now, or null.</summary>
    /// <param name="view">The buffer.</param>
    /// <param name="session">What the connection stands on.</param>
    /// <param name="uplink">Who else used this id.</param>
    /// <param name="now">Monotonic, since the publisher was made.</param>
    public PostureContent? Next(BufferView view, SessionFacts? session, UplinkHealth uplink, TimeSpan now)
    {
        if (host is not { } seen || !Plan.Looks(now))
        {
            return null;
        }

        var buffer = configuration.Buffer;
        var content = new PostureContent
        {
            Host = seen,
            Session = session is null || trust is not { } known ? session
                : session with { RevocationLists = known.RevocationLists },
            TrustVersion = trust?.Version ?? 0,
            Record = view.Record,
            Storage = view.Storage,
            TakenOver = uplink.TakenOver,
            ClosedWordless = uplink.ClosedWordless,
            IsContested = uplink.IsContested,
            BufferBytes = view.Stores.Where(store => !store.IsVolatile).Sum(store => store.SizeBytes),
            BufferBytesMax = buffer.SizeBytesMax,
            WrittenBytesPerDay = FlashWear.Measured(view.BytesWritten, now, buffer.FlashEnduranceBytes).BytesPerDay,
        };
        return Plan.IsDue(content, now) ? content : null;
    }

    /// <summary>Writes it, with as many revocation lists as fit, and less of the proof where none does.</summary>
    public void Write(PayloadBuffer into, PostureContent content, int bytesMax, DateTime utc)
    {
        encoder.Encode(into, content, utc, RevocationListsMax);
        for (var lists = RevocationListsMax; into.Length > bytesMax && lists > 0;)
        {
            lists /= 2;
            encoder.Encode(into, content, utc, lists);
        }

        if (into.Length > bytesMax && content.Host.Egress is { } egress)
        {
            // What did not hold has to go; what did is said by its absence.
            encoder.Encode(into, content with { Host = content.Host with { Egress = egress.Brief } }, utc, 0);
        }
    }
}
