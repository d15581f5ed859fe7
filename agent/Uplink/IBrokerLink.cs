using System.Buffers;
using Sluice.Agent.Asking;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Trust;

namespace Sluice.Agent.Uplink;

/// <summary>
/// The one outbound connection, as the publisher sees it: connect, deliver, be lost. Two implementations: MQTT over
/// mutual TLS, and a scripted one in memory for tests. What the world does wrong is a value; only cancellation throws.
/// <para>
/// Contract: one connection at a time; several deliveries may be under way on it, and they reach the broker in the
/// order of the calls; every delivery ends, with the link if not before; <see cref="Lost"/> completes exactly once for
/// each connection and never before its <see cref="ConnectAsync"/> returned.
/// </para>
/// </summary>
public interface IBrokerLink : IAsyncDisposable
{
    /// <summary>
    /// Completes when the present connection is gone, with the reason. Completed while there is none.
    /// </summary>
    Task<LinkLoss> Lost { get; }

    /// <summary>
    /// Called with each message that comes to a topic that the gateway reads, on a thread of the link: it must be quick
    /// and must not throw. Set before the first connection.
    /// </summary>
    Action<InboundMessage> Received { set; }

    /// <summary>
    /// Tries the configured addresses in order until one takes us. Bounded in time by the link itself.
    /// </summary>
    ValueTask<ConnectOutcome> ConnectAsync(OutboundMessage will, CancellationToken cancellationToken);

    /// <summary>
    /// Does what takes long of the next connection beside the present one: TCP and TLS, with the identity that is in
    /// use now. The next <see cref="ConnectAsync"/> goes on from there. Null where that is ready; else why not, and
    /// nothing has changed. Not called while another call to this or to <see cref="ConnectAsync"/> is under way.
    /// </summary>
    ValueTask<ConnectOutcome?> PrepareAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Hands a message over at QoS 1 and completes with the broker's answer. The payload must not change until then.
    /// Cancellation gives up waiting; it does not take the message back.
    /// </summary>
    ValueTask<DeliveryOutcome> DeliverAsync(OutboundMessage message, CancellationToken cancellationToken);

    /// <summary>Ends the connection cleanly: the broker does not send the will. Bounded; never fails.</summary>
    ValueTask DisconnectAsync(CancellationToken cancellationToken);
}

/// <summary>Something to be published, as the contract has it: QoS 1 always.</summary>
public sealed record OutboundMessage
{
    public required string Topic { get; init; }

    public required ReadOnlySequence<byte> Payload { get; init; }

    public required bool Retain { get; init; }

    public string ContentType { get; init; } = "application/json";

    /// <summary><c>gzip</c>, or null where the payload is as it is.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>MQTT 5 correlation data of an answer: what the ask had; empty elsewhere.</summary>
    public ReadOnlyMemory<byte> Correlation { get; init; }
}

/// <summary>What a broker that took us demands.</summary>
/// <param name="ReceiveMaximum">How many QoS 1 messages it accepts before it has acknowledged one (MQTT 5,
/// 3.2.2.3.3).</param>
/// <param name="PacketBytesMax">The largest packet it accepts (3.2.2.3.6); <see cref="int.MaxValue"/> where it does not
/// say.</param>
/// <param name="Tls">TLS version and cipher suite, for a person.</param>
/// <param name="Address">The address that took us.</param>
public sealed record ConnectTerms(int ReceiveMaximum, int PacketBytesMax, string Tls, string Address)
{
    /// <summary>Why the broker does not let the gateway hear what the MES asks; null where it does.</summary>
    public string? Unheard { get; init; }

    /// <summary>What is not as it should be but did not stop the connection: a stale revocation list, say.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The broker's certificate and what stands above it, DER; empty where the link has no such thing.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> BrokerChain { get; init; } = [];

    /// <summary>The card by which alone the connection goes; empty where the routes decide.</summary>
    public string Card { get; init; } = "";

    /// <summary>What the session stands on; null where the link has no such thing.</summary>
    public SessionFacts? Session { get; init; }
}

/// <summary>What a live session stands on, for the posture.</summary>
/// <param name="TlsVersion">As people write it: TLS 1.3.</param>
/// <param name="Cipher">The suite's name in IANA's registry.</param>
/// <param name="CertificateSerial">The gateway's own certificate, as <see cref="Identity"/> has
/// it.</param>
/// <param name="CertificateNotAfter">When it expires.</param>
/// <param name="RevocationLists">Those by which the broker was judged.</param>
public sealed record SessionFacts(
    string TlsVersion, string Cipher, string CertificateSerial, DateTimeOffset CertificateNotAfter,
    IReadOnlyList<RevocationFacts> RevocationLists);

/// <summary>One revocation list.</summary>
/// <param name="Issuer">Who signed it.</param>
/// <param name="ThisUpdate">When it was made.</param>
/// <param name="NextUpdate">By when it should be replaced; far away where it does not say.</param>
public sealed record RevocationFacts(string Issuer, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate)
{
    public static IReadOnlyList<RevocationFacts> Of(TrustAnchors trust) =>
        [.. trust.RevocationLists.Select(list =>
            new RevocationFacts(list.IssuerName, list.ThisUpdate, list.NextUpdate))];
}

/// <summary>How an attempt to connect ended.</summary>
/// <param name="Verdict">For code and counters.</param>
/// <param name="Sentence">For a technician: what happened, what it means, what to do. Empty when connected.</param>
/// <param name="ReasonCode">The CONNACK's reason code where there was one.</param>
/// <param name="Terms">Set exactly when connected.</param>
public sealed record ConnectOutcome(
    ConnectVerdict Verdict, string Sentence, int ReasonCode = 0, ConnectTerms? Terms = null)
{
    /// <summary>The server that the broker names instead (0x9C, 0x9D), as it wrote it; empty for none.</summary>
    public string Reference { get; init; } = "";

    /// <summary>How far it came: the step that failed, or <see cref="ConnectStep.Done"/>.</summary>
    public ConnectStep Step { get; init; }

    /// <summary>
    /// Trying again does not help until somebody has changed something. A broker that is away, or a network that is,
    /// comes back by itself, and a clock that is not set waits for its time service.
    /// </summary>
    public bool NeedsPerson => Verdict is not (ConnectVerdict.Connected or ConnectVerdict.Refused
        or ConnectVerdict.Clock
        or ConnectVerdict.Silent or ConnectVerdict.Unreachable or ConnectVerdict.Unavailable or ConnectVerdict.Broken);
}

/// <summary>The steps of a connection, in their order.</summary>
public enum ConnectStep : byte
{
    /// <summary>The gateway's own files, and whether the address is allowed.</summary>
    Prepare,
    Socket,
    Tls,

    /// <summary>CONNECT; with TLS 1.3 also the broker's word on the gateway's certificate.</summary>
    Mqtt,
    Done,
}

public enum ConnectVerdict : byte
{
    Connected,

    /// <summary>The gateway's own key, certificate or trust anchors are missing or unusable.</summary>
    NoIdentity,

    /// <summary>The address lies outside the configured network; no socket was made.</summary>
    OutsideNetwork,

    /// <summary>Nothing listens there: the network works, the broker does not run.</summary>
    Refused,

    /// <summary>No answer at all: cable, firewall, address, or a stopped machine.</summary>
    Silent,

    /// <summary>There is no way to that network.</summary>
    Unreachable,

    /// <summary>The broker's certificate does not lead to the plant's root, or is damaged.</summary>
    ForeignBroker,

    /// <summary>The broker's certificate names another host.</summary>
    OtherHost,

    /// <summary>The broker's certificate expired, or is not valid yet.</summary>
    BrokerDates,

    /// <summary>The gateway's clock is not right: nobody can say whether the broker's certificate is valid.</summary>
    Clock,

    /// <summary>The broker's certificate may not be used by a server.</summary>
    WrongUse,

    /// <summary>The broker's certificate was revoked, or nothing says that it was not.</summary>
    Revoked,

    /// <summary>No common TLS version or cipher suite, or no TLS at all.</summary>
    NoCommonTls,

    /// <summary>The broker's TLS refused the gateway's certificate.</summary>
    CertificateRefused,

    /// <summary>The broker's CONNACK refused the gateway.</summary>
    NotAuthorized,

    /// <summary>The broker refused for a reason of its own that may pass: busy, quota, use another server.</summary>
    Unavailable,

    /// <summary>The broker does not speak MQTT 5 as the contract needs it.</summary>
    Protocol,

    /// <summary>The connection ended before the broker had answered.</summary>
    Broken,
}

/// <summary>Why a connection ended.</summary>
/// <param name="Sentence">For a technician.</param>
/// <param name="ReasonCode">The reason code of the broker's DISCONNECT, or 0.</param>
/// <param name="TakenOver">Another client connected under the same id (0x8E).</param>
public sealed record LinkLoss(string Sentence, int ReasonCode = 0, bool TakenOver = false)
{
    /// <summary>The gateway itself ended it, and begins no other before somebody has done something.</summary>
    public bool NeedsPerson { get; init; }

    /// <summary>The server that the broker names instead (0x9C, 0x9D), as it wrote it; empty for none.</summary>
    public string Reference { get; init; } = "";

    /// <summary>The broker closed a session that it had accepted, and did not say why.</summary>
    public bool IsWordless { get; init; }

    /// <summary>We ended it ourselves, to begin anew at once with another identity.</summary>
    public bool IsMove { get; init; }
}
