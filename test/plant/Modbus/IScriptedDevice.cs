namespace Sluice.Plant.Modbus;

/// <summary>A device that does exactly what a test tells it, byte by byte, whatever it hangs on.</summary>
public interface IScriptedDevice : IAsyncDisposable
{
    /// <summary>The next request.</summary>
    Task<byte[]> AskAsync(CancellationToken cancellationToken);

    Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Sends every byte on its own.</summary>
    Task TrickleAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    Task AcceptAsync(CancellationToken cancellationToken);

    void Close();

    void Reset();

    void Refuse();

    void Listen();
}
