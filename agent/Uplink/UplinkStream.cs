namespace Sluice.Agent.Uplink;

/// <summary>
/// The TLS stream, remembering how reading ended: the client library keeps only "closed" of it, and the alert that says
/// why the broker refused our certificate would be lost, and so would the server that a broker sends us to.
/// </summary>
internal sealed class UplinkStream(Stream inner) : Stream
{
    private readonly LastPacket last = new();
    private Exception? fault;
    private bool wasRead;

    /// <summary>The first failure of a read or a write.</summary>
    public Exception? Fault => fault;

    /// <summary>The server that the broker's DISCONNECT names. Asked once it has ended the connection.</summary>
    public string Reference(int reasonCode) => last.Reference(reasonCode);

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        wasRead = true;
        try
        {
            var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            last.Take(buffer.Span[..count]);
            return count;
        }
        catch (IOException exception)
        {
            Interlocked.CompareExchange(ref fault, exception, null);
            throw;
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            var alert = wasRead ? null : await LastWordAsync(cancellationToken).ConfigureAwait(false);
            Interlocked.CompareExchange(ref fault, alert ?? exception, null);
            throw;
        }
    }

    /// <summary>
    /// A broker that refuses our certificate sends its alert and resets the connection; when our first write meets the
    /// reset, the alert still lies unread in the socket. The socket is dead, so the read ends at once.
    /// </summary>
    private async ValueTask<IOException?> LastWordAsync(CancellationToken cancellationToken)
    {
        try
        {
            await inner.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (IOException exception)
        {
            return exception;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
        // Written through: SslStream keeps nothing back.
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
