namespace Sluice.Plant.Modbus;

/// <summary>A device that does exactly what a test tells it, byte by byte, whatever it hangs on.</summary>
public interface IScriptedDevice : IAsyncDisposable
{
    /// <summary>The next request.</summary>
    Task<byte[]> AskAsync(CancellationToken cancellationToken);

    Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Sends every byte on its own, each after a pause.</summary>
    Task TrickleAsync(ReadOnlyMemory<byte> bytes, TimeSpan pause, CancellationToken cancellationToken);

    Task AcceptAsync(CancellationToken cancellationToken);

    void Close();

    void Reset();

    /// <summary>
    /// Forgets the connection without closing it: what the client sends goes nowhere, and nobody tells it.
    /// </summary>
    void Vanish();

    void Refuse();

    void Listen();
}
