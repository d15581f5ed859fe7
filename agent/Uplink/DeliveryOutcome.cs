namespace Sluice.Agent.Uplink;

/// <summary>What becomes of a message that was handed over.</summary>
public enum DeliveryVerdict : byte
{
    /// <summary>The broker has it: it may be acknowledged.</summary>
    Accepted,

    /// <summary>Nobody subscribes to it, so the broker threw it away: hold, report, try again later.</summary>
    Unheard,

    /// <summary>The broker refuses this topic or this client: hold, alarm, try again later.</summary>
    Refused,

    /// <summary>The broker cannot take it now: back off, try again.</summary>
    Busy,

    /// <summary>The broker finds this very message wrong: set it aside, report, go on with the others.</summary>
    SetAside,

    /// <summary>It is larger than the broker takes: send it in smaller parts.</summary>
    TooLarge,

    /// <summary>Nobody knows: the link went before the answer came. Send it again on the next one.</summary>
    LinkLost,
}

/// <summary>The broker's answer to one message.</summary>
/// <param name="Verdict">What to do about it.</param>
/// <param name="ReasonCode">The PUBACK's reason code; 0 where there was none.</param>
/// <param name="Sentence">For a technician; empty when accepted.</param>
public readonly record struct DeliveryOutcome(DeliveryVerdict Verdict, int ReasonCode, string Sentence)
{
    public static DeliveryOutcome Accepted { get; } = new(DeliveryVerdict.Accepted, 0, "");

    /// <summary>
    /// The decision table for PUBACK reason codes (MQTT 5, 3.4.2.1), read one by one because the client library does
    /// not throw on a refusal. On a retained topic "nobody subscribes" is a success: the broker keeps the message.
    /// </summary>
    /// <param name="reasonCode">As it stands in the PUBACK; DISCONNECT's 0x95 and 0x99 are read the same way.</param>
    /// <param name="reason">The broker's own words, or empty.</param>
    /// <param name="topic">Where it was published.</param>
    /// <param name="retain">Whether it was published retained.</param>
    public static DeliveryOutcome Of(int reasonCode, string reason, string topic, bool retain)
    {
        var words = BrokerAnswer.Words(reason);
        return reasonCode switch
        {
            0x00 => Accepted,
            0x10 when retain => Accepted with { ReasonCode = reasonCode },
            0x10 => new(DeliveryVerdict.Unheard, reasonCode,
                $"nobody subscribes to {topic}, so the broker would throw the "
                + $"readings away; they are kept here. Connect the MES, with a persistent session.{words}"),
            0x87 => new(DeliveryVerdict.Refused, reasonCode,
                $"the broker does not let this gateway publish to {topic} (not "
                + $"authorised); the readings are kept here. Let the broker's ACL allow it.{words}"),
            0x90 => new(DeliveryVerdict.Refused, reasonCode,
                $"the broker does not accept the topic {topic}; the readings "
                + $"are kept here. Let the broker's ACL allow it.{words}"),
            0x91 => new(DeliveryVerdict.Busy, reasonCode,
                $"the broker says that a packet number is still in use.{words}"),
            0x95 => new(DeliveryVerdict.TooLarge, reasonCode, $"the broker finds the message too large.{words}"),
            0x97 => new(DeliveryVerdict.Busy, reasonCode,
                "the broker's quota for this gateway is used up; the readings are "
                + $"kept here. Raise the quota, or see why its subscribers do not keep up.{words}"),
            0x99 => new(DeliveryVerdict.SetAside, reasonCode,
                $"the broker refuses the format of a message to {topic}; its "
                + $"readings are set aside and tried again in ten minutes. See what checks payloads there.{words}"),
            0x80 or 0x83 => new(DeliveryVerdict.Busy, reasonCode, $"the broker did not take a message to {topic} and "
                + $"gives no reason that MQTT has a word for.{words}"),
            _ => new(DeliveryVerdict.Busy, reasonCode,
                $"the broker answered a message to {topic} with the unknown reason "
                + $"0x{reasonCode:X2}; the readings are kept here.{words}"),
        };
    }
}
