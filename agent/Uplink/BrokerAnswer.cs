using Sluice.Agent.Configuration;

namespace Sluice.Agent.Uplink;

/// <summary>What the broker's CONNACK and DISCONNECT mean: decision tables over MQTT 5 reason codes (2.4).</summary>
internal static class BrokerAnswer
{
    private const int WordsMax = 200;

    /// <summary>A CONNACK that is not success.</summary>
    /// <param name="code">The reason code.</param>
    /// <param name="clientId">Who we said we are.</param>
    /// <param name="reason">The broker's own words, or empty.</param>
    /// <param name="reference">The server it sends us to, or empty.</param>
    public static ConnectOutcome Refused(int code, string clientId, string reason, string reference)
    {
        var (verdict, sentence) = code switch
        {
            0x81 or 0x82 => (ConnectVerdict.Protocol, "the broker did not understand the gateway's CONNECT"),
            0x84 => (ConnectVerdict.Protocol, "the broker does not speak MQTT 5, which the contract needs"),
            0x85 => (ConnectVerdict.NotAuthorized,
                $"the broker does not let this certificate connect as '{clientId}': the "
                + "client id must be allowed for the certificate's common name"),
            0x86 or 0x8C => (ConnectVerdict.NotAuthorized,
                "the broker wants a user name and password; it must take the "
                + "identity from the certificate (mosquitto: use_identity_as_username)"),
            0x87 => (ConnectVerdict.NotAuthorized,
                $"the broker knows the certificate and does not let '{clientId}' in (not "
                + "authorised); let its ACL allow this gateway"),
            0x8A => (ConnectVerdict.NotAuthorized, $"the broker has banned '{clientId}'"),
            0x88 => (ConnectVerdict.Unavailable, "the broker says that it is unavailable"),
            0x89 => (ConnectVerdict.Unavailable, "the broker says that it is busy"),
            0x97 or 0x9F => (ConnectVerdict.Unavailable, "the broker's quota or rate of connections is used up"),
            0x9C => (ConnectVerdict.Unavailable, "the broker says that another server is to be used for now"),
            0x9D => (ConnectVerdict.Unavailable, "the broker says that it has moved to another server for good"),
            0x90 => (ConnectVerdict.NotAuthorized, "the broker does not accept the topic of the will (status)"),
            0x95 => (ConnectVerdict.Protocol, "the broker found the CONNECT too large"),
            0x99 => (ConnectVerdict.Protocol, "the broker does not accept the payload of the will (status)"),
            0x9A => (ConnectVerdict.Protocol, "the broker does not keep retained messages, which the contract needs"),
            0x9B => (ConnectVerdict.Protocol, "the broker does not take QoS 1, which the contract needs"),
            _ => (ConnectVerdict.Unavailable, $"the broker refused the connection with reason 0x{code:X2}"),
        };
        return new ConnectOutcome(verdict, $"{sentence}.{Words(reason)}", code) { Reference = Named(code, reference) };
    }

    /// <summary>A DISCONNECT that the broker sent.</summary>
    /// <param name="code">The reason code.</param>
    /// <param name="reason">The broker's own words, or empty.</param>
    /// <param name="reference">The server it sends us to, or empty.</param>
    public static LinkLoss Disconnected(int code, string reason, string reference = "")
    {
        var sentence = code switch
        {
            0x00 => "the broker closed the connection",
            0x81 or 0x82 => "the broker says that the gateway broke the protocol",
            0x83 => "the broker ended the connection for a reason of its own",
            0x87 => "the broker no longer lets this gateway in (not authorised)",
            0x89 => "the broker is busy",
            0x8B => "the broker is shutting down",
            0x8D => "the broker did not hear from the gateway in time (keep alive)",
            0x8E => "another client connected with this gateway's id, so the broker ended this connection",
            0x93 => "the broker got more unacknowledged messages than it allows",
            0x95 => "the broker found a message too large; the next ones are smaller",
            0x96 => "the broker finds that messages come too fast",
            0x97 => "the broker's quota for this gateway is used up",
            0x98 => "somebody ended the connection at the broker",
            0x99 => "the broker refused the format of a message",
            0x9C => "the broker says that another server is to be used for now",
            0x9D => "the broker says that it has moved to another server for good",
            _ => $"the broker ended the connection with reason 0x{code:X2}",
        };
        return new LinkLoss($"{sentence}.{Words(reason)}", code, TakenOver: code == 0x8E)
        {
            Reference = Named(code, reference),
            IsWordless = code == 0,
        };
    }

    /// <summary>
    /// What the broker itself says (reason string), ready to stand behind a sentence: on one line, and not more of it
    /// than a journal wants.
    /// </summary>
    public static string Words(string reason) =>
        reason.Length == 0 ? "" : $" The broker says: {FileNode.Clip(reason, WordsMax)}.";

    /// <summary>Elsewhere a reference means nothing (MQTT 5, 4.11).</summary>
    private static string Named(int code, string reference) => code is 0x9C or 0x9D ? reference : "";
}
