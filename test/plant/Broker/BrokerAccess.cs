namespace Sluice.Plant.Broker;

/// <summary>
/// Who may do what, as the contract asks of any broker: rights follow from the certificate's common name alone.
/// The same rules as the mosquitto patterns <c>write sluice/v1/SITE/%u/#</c>, <c>read sluice/v1/SITE/%u/ask</c> and so
/// on. Pure.
/// </summary>
public sealed class BrokerAccess(string site, IReadOnlyCollection<string> mes)
{
    /// <summary>Whoever publishes what all gateways of the plant believe.</summary>
    public const string Authority = "ra";

    private readonly string root = $"sluice/v1/{site}/";

    /// <summary>
    /// The client id is the identity, <c>NAME-next</c> while a renewed certificate is proved, or <c>NAME.verify</c>
    /// while a technician tries one. The MES may use a suffix of its own behind its name, because it may read with
    /// several programs.
    /// </summary>
    public bool MayConnect(string identity, string clientId)
    {
        if (clientId == identity || clientId == identity + "-next" || clientId == identity + ".verify")
        {
            return true;
        }

        return mes.Contains(identity) && clientId.StartsWith(identity + "-", StringComparison.Ordinal);
    }

    public bool MayWrite(string identity, string topic)
    {
        if (!topic.StartsWith(root, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = topic.AsSpan(root.Length);
        if (identity == Authority && (rest is "trust" || rest.EndsWith("/cert/reply", StringComparison.Ordinal)))
        {
            return true;
        }

        if (mes.Contains(identity))
        {
            return rest.EndsWith("/ask", StringComparison.Ordinal) && rest.IndexOf('/') == rest.Length - "/ask".Length;
        }

        return rest.StartsWith(identity, StringComparison.Ordinal) && rest.Length > identity.Length + 1
            && rest[identity.Length] == '/';
    }

    public bool MayRead(string identity, string filter)
    {
        if (mes.Contains(identity))
        {
            return filter.StartsWith(root, StringComparison.Ordinal);
        }

        return filter == $"{root}{identity}/ask"
            || filter == $"{root}{identity}/cert/reply"
            || filter == root + "trust";
    }
}
