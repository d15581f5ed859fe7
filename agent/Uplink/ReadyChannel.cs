namespace Sluice.Agent.Uplink;

/// <summary>A channel to the broker, open as far as TLS, ready for the next session; none as a rule.</summary>
internal sealed class ReadyChannel
{
    /// <summary>
    /// Behind the handshake a broker sends tickets for another one. Where its TCP gathers small packets (mosquitto's
    /// does unless told otherwise) its next word waits until those are acknowledged, which this kernel does 40 ms
    /// later. Beside a session that goes on, that time costs nothing.
    /// </summary>
    private static readonly TimeSpan Settles = TimeSpan.FromMilliseconds(100);

    private (BrokerChannel Channel, List<string> Warnings)? held;

    /// <summary>Returns when it may be used at once.</summary>
    public async ValueTask PutAsync(
        BrokerChannel channel, List<string> warnings, TimeProvider clock, CancellationToken cancellationToken)
    {
        held = (channel, warnings);
        await Task.Delay(Settles, clock, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>It is the caller's from here on.</summary>
    public (BrokerChannel Channel, List<string> Warnings)? Take()
    {
        var taken = held;
        held = null;
        return taken;
    }

    public async ValueTask DropAsync()
    {
        if (Take() is { } unused)
        {
            await unused.Channel.Stream.DisposeAsync().ConfigureAwait(false);
        }
    }
}
