namespace Sluice.Hal.Modbus;

/// <summary>
/// Whether another Modbus client is on the bus, and how long to be silent for its sake. A core of
/// <see cref="ModbusRtuClient"/>, stepped by it; what it says may be read from any thread.
/// <para>
/// Invariants: who is heard while the line is listened to before our first byte keeps the bus, and nothing is ever
/// sent; who comes later is given way to until the line was listened to again for as long as before the first request.
/// </para>
/// </summary>
internal sealed class OtherClients(string line, ModbusRtuOptions options)
{
    private volatile bool isRefused;
    private volatile bool isPaused;
    private bool hasSpoken;
    private TimeSpan listenUntil;
    private long heard;

    /// <summary>The bus is somebody else's: nothing is ever sent.</summary>
    public bool IsRefused => isRefused;

    public bool IsPaused => isPaused;

    /// <summary>Foreign requests heard, since start.</summary>
    public long Heard => Interlocked.Read(ref heard);

    /// <summary>Why nothing is sent.</summary>
    public string Sentence =>
        isRefused
            ? $"another Modbus client was heard on {line}: two clients on one bus collide and can stop the "
                + "machine; nothing was sent. Remove the other client, or read the panel over its network port instead"
        : isPaused
            ? $"another Modbus client was heard on {line}: two clients on one bus collide and can stop the "
                + "machine; nothing is sent until it is silent. Remove the other client"
            : $"listening on {line} for other clients before the first request";

    public void Opened(TimeSpan now)
    {
        listenUntil = now + options.ListenFirst;
        hasSpoken = false;
    }

    /// <summary>Our first byte goes out.</summary>
    public void Spoken() => hasSpoken = true;

    /// <summary>What is left to listen before a request may go out.</summary>
    public TimeSpan Left(TimeSpan now) => listenUntil - now;

    /// <summary>The time to listen is over, and nobody was heard in it.</summary>
    public void Silent() => isPaused = false;

    /// <summary>Sends nothing until the line was listened to again, for as long as before the first request.</summary>
    public void Pause(TimeSpan now) =>
        listenUntil = now + (options.ListenFirst > options.Timeout ? options.ListenFirst : options.Timeout);

    /// <summary>Whether another client's request is in what was received; it is given way to then.</summary>
    public bool Hears(ReadOnlySpan<byte> received, ReadOnlySpan<byte> own, TimeSpan now)
    {
        if (!RtuFramer.HearsForeignRequest(received, own))
        {
            return false;
        }

        Interlocked.Increment(ref heard);
        isPaused = true;
        Pause(now);
        return true;
    }

    /// <summary>One was heard while the line was listened to: before our first byte, it keeps the bus.</summary>
    public void GiveWay()
    {
        isRefused = !hasSpoken;
        isPaused = hasSpoken;
    }
}
