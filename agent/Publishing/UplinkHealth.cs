using Sluice.Agent.Standing;

namespace Sluice.Agent.Publishing;

/// <summary>How the way to the MES is, right now: immutable, for status, light and posture; from any thread.</summary>
public sealed record UplinkHealth
{
    /// <summary>
    /// One word: connecting, connected, waiting, holding (connected, but the broker does not take the readings),
    /// stopped.
    /// </summary>
    public required string State { get; init; }

    /// <summary>What is wrong and what to do; empty where nothing is.</summary>
    public required string Sentence { get; init; }

    /// <summary>
    /// <see cref="Sentence"/> does not pass by itself: somebody has to change something here, at the broker or at the
    /// certificates. False for a broker that is away.
    /// </summary>
    public bool NeedsPerson { get; init; }

    /// <summary>Since when <see cref="State"/> holds, UTC as the gateway's clock has it.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The MQTT reason code of the last refusal, or 0.</summary>
    public int ReasonCode { get; init; }

    /// <summary>The broker's address, and TLS version and cipher, while connected.</summary>
    public string Address { get; init; } = "";

    public string Tls { get; init; } = "";

    /// <summary>The card by which alone the connection goes, while connected; empty where the routes decide.</summary>
    public string Card { get; init; } = "";

    /// <summary>
    /// Things that do not stop anything but want attention: stale revocation list, expiring certificate.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Messages handed over and not answered yet.</summary>
    public int InFlight { get; init; }

    /// <summary>
    /// What waits in each lane while connected: readings of this connection that were not handed over yet, and those
    /// stored before it, handed over or not.
    /// </summary>
    public long FreshReadings { get; init; }

    public long BacklogReadings { get; init; }

    /// <summary>How long the broker's PUBACK took, of the last messages of readings; null before the first.</summary>
    public TimeSpan? AnswerMedian { get; init; }

    public TimeSpan? AnswerLongest { get; init; }

    /// <summary>Readings that the broker accepted since start.</summary>
    public long DeliveredReadings { get; init; }

    /// <summary>Bytes of payload that these took.</summary>
    public long DeliveredBytes { get; init; }

    /// <summary>Of these, the ones sent as history.</summary>
    public long DeliveredHistorical { get; init; }

    /// <summary>Messages that the broker did not take, by any reason, since start.</summary>
    public long RefusedMessages { get; init; }

    /// <summary>
    /// Readings set aside because the broker refused their message for its own sake; tried again at the next
    /// connection, and after ten minutes.
    /// </summary>
    public long SetAsideReadings { get; init; }

    /// <summary>Connections made, and attempts that failed, since start.</summary>
    public long Connections { get; init; }

    public long FailedAttempts { get; init; }

    /// <summary>
    /// Others that connected under this gateway's id since start: a clone, or a second use of its identity.
    /// </summary>
    public long TakenOver { get; init; }

    /// <summary>Sessions that the broker closed without a word since start.</summary>
    public long ClosedWordless { get; init; }

    /// <summary>
    /// Either happens again and again: it is an alarm until it has stopped for a while, connected or not.
    /// </summary>
    public Contest Contest { get; init; }

    public bool IsContested => Contest != Contest.None;

    /// <summary>What it means and what to do; empty where there is none.</summary>
    public static string Words(Contest contest) => contest switch
    {
        Contest.Named => "Somebody else uses this gateway's identity: another client under its id takes the session "
            + "again and again. Readings are kept, and the session is asked for every few minutes only. " + Find,
        Contest.Suspected => "The broker closed the session six times within an hour and did not say why: most likely "
            + "somebody else uses this gateway's identity, or the broker restarts again and again. Its log says which "
            + "(mosquitto: 'already connected, closing old connection'). Readings are kept. " + Find,
        _ => "",
    };

    private const string Find = "Find the copied card and give that gateway an identity of its own; where there is "
        + "none, the key was stolen: have the certificate replaced (sluice-provision replace).";

    /// <summary>Asks of the MES that were granted, and those that were refused, since start.</summary>
    public long AsksGranted { get; init; }

    public long AsksRefused { get; init; }

    /// <summary>When the broker last accepted a message; null before the first.</summary>
    public DateTimeOffset? LastDelivery { get; init; }
}
