namespace Sluice.Hal.Modbus;

/// <summary>
/// Modbus RTU as the one client of a bus: one request at a time, over a serial line or a converter. Every read ends
/// within one opening of the line and two deadlines. Called from the source's loop.
/// <para>
/// RTU answers carry no id. A request that got no answer in time is therefore owed one: the line is listened to for as
/// long again before the next request goes out, and that one asks for another length than any that its unit still owes,
/// so that a late answer cannot be taken for the next one's.
/// </para>
/// </summary>
public sealed class ModbusRtuClient : ModbusClient
{
    // A frame, an echo of the request, and noise: what does not fit is not looked at.
    private const int ReceivedBytesMax = 1024;
    private const int ChecksumBytes = 2;

    // A unit is asked again two deadlines later at the earliest, so that 30 are 15 lengths and one that is free.
    private const int ReadAlongMax = 15;

    private const byte IllegalAddress = 2;
    private const byte IllegalValue = 3;

    private readonly IByteLine line;
    private readonly ModbusRtuOptions options;
    private readonly TimeProvider clock;
    private readonly long began;
    private readonly SemaphoreSlim gate = new(1);
    private readonly ReconnectBackoff backoff;
    private readonly byte[] request = new byte[RtuFramer.RequestBytesMax];
    private readonly byte[] received = new byte[ReceivedBytesMax];
    private int requestBytes;
    private int receivedBytes;
    private int timeoutsInARow;
    private readonly OwedAnswers owed;
    private TimeSpan quietSince;
    private volatile bool hasAnswered;
    private readonly OtherClients others;
    private volatile string trouble = "";

    public ModbusRtuClient(IByteLine line, ModbusRtuOptions options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        this.line = line;
        this.options = options;
        this.clock = clock;
        began = clock.GetTimestamp();
        others = new OtherClients(line.Name, options);
        owed = new OwedAnswers(
            options.Timeout * options.LateDeadlinesMax,
            options.OneRequestPerSignal ? 0 : Math.Min(ReadAlongMax, options.GapRegistersMax), options.RegistersMax);
        backoff = new ReconnectBackoff(options.ReconnectFirst, options.ReconnectMax);
    }

    public override SourceHealth Health => new(
        others.IsRefused ? "refused"
            : others.IsPaused ? "paused"
            : trouble.Length > 0 ? "disconnected" : hasAnswered ? "connected" : "connecting",
        others.IsRefused ? others.Sentence : trouble,
        [.. Counters.Snapshot(), KeyValuePair.Create("foreignRequests", others.Heard)]);

    private TimeSpan Now => clock.GetElapsedTime(began);

    public override ValueTask DisposeAsync() => line.DisposeAsync();

    private protected override async ValueTask<ModbusResult> ReadAsync(
        ReadRequest read, Memory<ushort> registers, Memory<bool> bits, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (line.Thread is { } thread)
            {
                await thread;
            }

            if (others.IsRefused || !await OpenAsync(cancellationToken).ConfigureAwait(false)
                || !await MaySpeakAsync(read, cancellationToken).ConfigureAwait(false))
            {
                return new ModbusResult(ModbusStatus.Disconnected);
            }

            var mayAskAgain = hasAnswered;
            var result = await AskAsync(read, cancellationToken).ConfigureAwait(false);
            if (mayAskAgain && result.Result.Status == ModbusStatus.Disconnected && receivedBytes == 0
                && await OpenAsync(cancellationToken).ConfigureAwait(false)
                && await MaySpeakAsync(read, cancellationToken).ConfigureAwait(false))
            {
                // A converter closes an idle connection, and the request came too late for it.
                Counters.Add(ModbusCount.AskedAgain);
                result = await AskAsync(read, cancellationToken).ConfigureAwait(false);
            }

            if (result.Result.Status == ModbusStatus.Answered)
            {
                read.Unpack(received.AsSpan(result.Pdu), registers.Span, bits.Span);
            }

            return result.Result;
        }
        finally
        {
            gate.Release();
            if (line.Thread is not null)
            {
                // The caller goes on upon a thread of the pool, while the line's own may wait for the next exchange.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }
        }
    }

    private async ValueTask<bool> OpenAsync(CancellationToken cancellationToken)
    {
        if (line.IsOpen)
        {
            return true;
        }

        if (!backoff.MayTry(Now))
        {
            return false;
        }

        trouble = await line.OpenAsync(cancellationToken).ConfigureAwait(false);
        if (trouble.Length > 0)
        {
            Counters.Add(ModbusCount.ConnectFailures);
            backoff.Failed(Now);
            return false;
        }

        Counters.Add(ModbusCount.Connects);
        timeoutsInARow = 0;
        owed.Reopened();
        receivedBytes = 0;
        others.Opened(Now);
        return true;
    }

    /// <summary>
    /// Whether a request may go out now: the line was listened to, no other client was heard, nothing is owed any more,
    /// and it has been silent.
    /// </summary>
    private async ValueTask<bool> MaySpeakAsync(ReadRequest read, CancellationToken cancellationToken)
    {
        if (others.Left(Now) is var left && left > TimeSpan.Zero)
        {
            await ListenAsync(left < options.Timeout ? left : options.Timeout, null, cancellationToken)
                .ConfigureAwait(false);
            if (HearsOther())
            {
                others.GiveWay();
            }

            trouble = others.Sentence;
            if (others.IsRefused || others.Left(Now) > TimeSpan.Zero)
            {
                return false;
            }

            others.Silent();
            trouble = "";
        }

        while (owed.TryFind(read.UnitId, Now, out var late, out var until))
        {
            if (await ListenAsync(until - Now, late, cancellationToken).ConfigureAwait(false))
            {
                Counters.Add(ModbusCount.LateAnswers);
                RtuFramer.TryFindAnswer(received.AsSpan(0, receivedBytes), late, out var pdu);
                owed.Answered(late, late.Judge(received.AsSpan(pdu)) == AnswerVerdict.Exception);
            }
            else
            {
                owed.Over(late.UnitId);
                NoticeLate(default);
            }
        }

        return await BeSilentAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Throws away what has arrived unasked, and waits until the line is silent.</summary>
    private async ValueTask<bool> BeSilentAsync(CancellationToken cancellationToken)
    {
        var deadline = Now + options.Timeout;
        receivedBytes = 0;
        while (line.IsOpen)
        {
            var taken = line.TakeWaiting(received.AsSpan(receivedBytes));
            if (taken > 0)
            {
                Counters.Add(ModbusCount.StrayAnswers);
                receivedBytes += taken;
                quietSince = Now;
                NoticeLate(default);
                if (HearsOther())
                {
                    return false;
                }

                if (Now > deadline)
                {
                    others.Pause(Now);
                    return false;
                }

                receivedBytes = receivedBytes > ReceivedBytesMax / 2 ? 0 : receivedBytes;
            }

            var left = quietSince + options.Silence - Now;
            if (left <= TimeSpan.Zero)
            {
                break;
            }

            await line.PauseAsync(left, cancellationToken).ConfigureAwait(false);
        }

        receivedBytes = 0;
        return line.IsOpen || Lost();
    }

    /// <summary>Whether another client spoke in this part of what was received.</summary>
    private bool HearsOther(int from = 0, int? to = null) =>
        others.Hears(received.AsSpan(from..(to ?? receivedBytes)), request.AsSpan(0, requestBytes), Now);

    private async ValueTask<(ModbusResult Result, Range Pdu)> AskAsync(
        ReadRequest wanted, CancellationToken cancellationToken)
    {
        if (owed.Distinct(wanted, Now) is not { } read)
        {
            Counters.Add(ModbusCount.HeldBack);
            return (new ModbusResult(ModbusStatus.NotAsked), default);
        }

        requestBytes = RtuFramer.WriteRequest(request, read);
        Counters.Add(ModbusCount.Requests);

        // Owed from the first byte on: a caller who goes away leaves an answer behind.
        owed.Asked(read, Now, Now + (options.Timeout * 2));
        others.Spoken();
        var isFound = await line.WriteAsync(request.AsMemory(0, requestBytes), cancellationToken).ConfigureAwait(false)
            && await ListenAsync(options.Timeout, read, cancellationToken).ConfigureAwait(false);
        quietSince = Now;
        if (isFound && await IsTrustedAsync(read, cancellationToken).ConfigureAwait(false))
        {
            RtuFramer.TryFindAnswer(received.AsSpan(0, receivedBytes), read, out var pdu);
            HearsOther(0, pdu.Start.Value - 1);
            HearsOther(pdu.End.Value + ChecksumBytes);
            return (Answered(read, received.AsSpan(pdu), isWider: read != wanted), pdu);
        }

        if (!line.IsOpen)
        {
            owed.Settle(read);
            Lost();
            return (new ModbusResult(ModbusStatus.Disconnected), default);
        }

        return (Unanswered(read), default);
    }

    private ModbusResult Unanswered(in ReadRequest read)
    {
        HearsOther();
        var isSilent = receivedBytes == 0 || NoticeLate(read)
            || received.AsSpan(0, receivedBytes).SequenceEqual(request.AsSpan(0, requestBytes));
        Counters.Add(isSilent ? ModbusCount.Timeouts : ModbusCount.BadAnswers);
        timeoutsInARow = isSilent ? timeoutsInARow + 1 : 0;
        if (line.MayBeHalfOpen && hasAnswered && timeoutsInARow >= options.TimeoutsBeforeReconnect)
        {
            Lost();
        }

        return new ModbusResult(isSilent ? ModbusStatus.Timeout : ModbusStatus.BadAnswer);
    }

    /// <summary>Whether what was received holds answers to older requests, which are owed no more then.</summary>
    private bool NoticeLate(in ReadRequest but)
    {
        var late = owed.SettleLate(received.AsSpan(0, receivedBytes), but);
        for (var each = 0; each < late; each++)
        {
            Counters.Add(ModbusCount.LateAnswers);
        }

        return late > 0;
    }

    /// <summary>An answer behind noise counts only if the line falls silent after it.</summary>
    private async ValueTask<bool> IsTrustedAsync(ReadRequest read, CancellationToken cancellationToken)
    {
        RtuFramer.TryFindAnswer(received.AsSpan(0, receivedBytes), read, out var pdu);
        if (RtuFramer.StandsFirst(received.AsSpan(0, receivedBytes), read, pdu))
        {
            return true;
        }

        for (var left = options.Silence; left > TimeSpan.Zero; left = quietSince + options.Silence - Now)
        {
            await line.PauseAsync(left, cancellationToken).ConfigureAwait(false);
            if (line.TakeWaiting(received.AsSpan(receivedBytes)) > 0)
            {
                return false;
            }
        }

        return pdu.End.Value + ChecksumBytes == receivedBytes
            && line.TakeWaiting(received.AsSpan(receivedBytes)) == 0;
    }

    private ModbusResult Answered(in ReadRequest read, ReadOnlySpan<byte> pdu, bool isWider)
    {
        hasAnswered = true;
        timeoutsInARow = 0;
        trouble = "";
        backoff.Answered();
        var isException = read.Judge(pdu) == AnswerVerdict.Exception;
        owed.Answered(read, isException);
        Counters.Add(isException ? ModbusCount.Exceptions : ModbusCount.Answers);
        if (isException && isWider && (pdu[1] is IllegalAddress or IllegalValue))
        {
            // Of what was read along, perhaps: it says nothing about what was wanted.
            owed.RefusesMore(read.UnitId);
            return new ModbusResult(ModbusStatus.Timeout);
        }

        return isException ? new ModbusResult(ModbusStatus.DeviceException, pdu[1]) : ModbusResult.Answered;
    }

    /// <summary>Collects what arrives; true as soon as the answer to <paramref name="awaited"/> is in it.</summary>
    private async ValueTask<bool> ListenAsync(
        TimeSpan within, ReadRequest? awaited, CancellationToken cancellationToken)
    {
        receivedBytes = 0;
        var until = Now + within;
        for (var left = within; left > TimeSpan.Zero && receivedBytes < ReceivedBytesMax; left = until - Now)
        {
            var count = await line.ReadAsync(received.AsMemory(receivedBytes), left, cancellationToken)
                .ConfigureAwait(false);
            receivedBytes += count;
            if (count > 0 && awaited is { } read
                && RtuFramer.TryFindAnswer(received.AsSpan(0, receivedBytes), read, out _))
            {
                return true;
            }

            if (count == 0 && !line.IsOpen)
            {
                return false;
            }
        }

        return false;
    }

    private bool Lost()
    {
        Counters.Add(ModbusCount.Disconnects);
        line.Close();
        trouble = $"{line.Name} broke: check the cable and the converter";
        if (!hasAnswered)
        {
            backoff.Failed(Now);
        }

        hasAnswered = false;
        return false;
    }
}
