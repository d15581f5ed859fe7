using System.Net.Sockets;

namespace Sluice.Hal.Modbus;

/// <summary>
/// The sending half of one connection: requests queue up, and whoever flushes sends all that wait with one system call.
/// While one thread sends, what others queue goes out with its next call, so requests keep their order and are never
/// mixed.
/// <para>
/// A send blocks its thread only when the device takes no more bytes; the deadline of what is not sent closes the
/// connection, and that ends the send. The queue is under the connection's lock, <c>gate</c>.
/// </para>
/// </summary>
internal sealed class RequestWriter(Socket socket, Lock gate, ModbusCounters counters)
{
    // Every request that can wait: one per slot, and those given up meanwhile, as many as a connection may owe.
    private const int QueueBytes = (TransactionTable.WindowMax + TransactionTable.OwedMax) * MbapFramer.RequestBytesMax;

    private byte[] filling = new byte[QueueBytes];
    private byte[] sending = new byte[QueueBytes];
    private int queuedBytes;
    private long queuedEver;
    private long sentEver;
    private bool isSending;

    /// <summary>Queues a request. Under the lock. False if the queue is full: the device takes no bytes.</summary>
    public bool TryQueue(PendingRead read, ushort transaction)
    {
        if (queuedBytes + MbapFramer.RequestBytesMax > QueueBytes)
        {
            return false;
        }

        var bytes = MbapFramer.WriteRequest(filling.AsSpan(queuedBytes), transaction, read.Request);
        queuedBytes += bytes;
        queuedEver += bytes;
        read.QueuedUpTo = queuedEver;
        return true;
    }

    /// <summary>The whole request is with the operating system. Under the lock.</summary>
    public bool IsSent(PendingRead read) => sentEver >= read.QueuedUpTo;

    /// <summary>Sends what waits, or leaves it to the thread that is sending. False if the connection broke.</summary>
    public bool Flush()
    {
        var justSent = 0;
        while (true)
        {
            int count;
            lock (gate)
            {
                sentEver += justSent;
                if ((isSending && justSent == 0) || queuedBytes == 0)
                {
                    isSending = isSending && justSent == 0;
                    return true;
                }

                isSending = true;
                (filling, sending) = (sending, filling);
                count = queuedBytes;
                queuedBytes = 0;
            }

            if (!SendAll(sending.AsSpan(0, count)))
            {
                // isSending stays: nothing more goes out on a connection that lost bytes.
                return false;
            }

            justSent = count;
        }
    }

    private bool SendAll(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            counters.Add(ModbusCount.Writes);
            int count;
            try
            {
                count = socket.Send(bytes, SocketFlags.None, out var error);
                if (error != SocketError.Success)
                {
                    return false;
                }
            }
            catch (ObjectDisposedException)
            {
                return false;
            }

            bytes = bytes[count..];
        }

        return true;
    }
}
