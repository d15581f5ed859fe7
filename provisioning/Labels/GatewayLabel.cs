using Sluice.Provisioning.Requests;

namespace Sluice.Provisioning.Labels;

/// <summary>
/// What a gateway's label says, as its QR code holds it: <c>SLUICE1 plant1 gw-042 N42J-NFGA-N9F8-2K5A 10000000</c>.
/// Nothing in it is secret. It is worth something because it came another way than the request: from the gateway's own
/// screen.
/// </summary>
/// <param name="Site">The plant.</param>
/// <param name="Gateway">The gateway's id.</param>
/// <param name="KeyFingerprint">Short, of its key.</param>
/// <param name="BoardSerial">The board's own number; null where it has none.</param>
public sealed record GatewayLabel(string Site, string Gateway, string KeyFingerprint, string? BoardSerial)
{
    private const string Mark = "SLUICE1";
    private const int LettersMax = 200;

    /// <summary>For the QR code. A serial that does not fit into it is left out; it stands beside it.</summary>
    public string Text
    {
        get
        {
            var text = $"{Mark} {Site} {Gateway} {KeyFingerprint}";
            return BoardSerial is { } serial && text.Length + 1 + serial.Length <= QrCode.BytesMax
                ? $"{text} {serial}"
                : text;
        }
    }

    /// <summary>What somebody scanned; null where it is no label of a gateway.</summary>
    public static GatewayLabel? Read(string scanned)
    {
        if (scanned.Length > LettersMax)
        {
            return null;
        }

        var parts = scanned.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return parts.Length is 4 or 5 && parts[0] == Mark && KeyRequest.IsName(parts[1]) && KeyRequest.IsName(parts[2])
            && Fingerprint.AreSame(parts[3], parts[3])
            ? new GatewayLabel(parts[1], parts[2], parts[3], parts.Length == 5 ? parts[4] : null)
            : null;
    }

    /// <summary>Why the request is not the one of the gateway with this label; null where it is.</summary>
    public string? Difference(KeyRequest request) =>
        Gateway != request.GatewayId ? $"the label is that of {Gateway}, and the request of {request.GatewayId}"
        : Site != request.Plant ? $"the label says plant '{Site}', and the request '{request.Plant}'"
        : !Fingerprint.AreSame(KeyFingerprint, request.KeyFingerprint)
            ? $"the label of {Gateway} says key {KeyFingerprint}, and the request has {request.KeyFingerprint}: it was "
                + "made by somebody else, or the gateway has made its key anew since the label was printed"
        : null;
}
