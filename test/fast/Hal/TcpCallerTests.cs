using System.Net;
using System.Runtime.CompilerServices;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

/// <summary>
/// Callers go on inside the thread that reads the answers: what that saves, and that whatever a caller does there, the
/// others get what is theirs.
/// </summary>
public sealed class TcpCallerTests : IAsyncDisposable
{
    private const int WindowMax = 16;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly ScriptedModbusServer device = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sixteen_waiting_requests_leave_in_one_write()
    {
        await using var client = Client(WindowMax, Long);
        var callers = new Task[WindowMax];
        await ConnectAsync(client);

        // Off the reader's thread, which the test goes on in.
        await Task.Yield();
        for (var index = 0; index < callers.Length; index++)
        {
            callers[index] = TwiceAsync(client);
        }

        await AnswerAsync(callers.Length);
        await AnswerAsync(callers.Length);
        await Task.WhenAll(callers);

        // One to connect, one each for those who came one by one, and one for all who went on together.
        Assert.Equal(1 + (2 * WindowMax), client.Counters[ModbusCount.Answers]);
        Assert.Equal(2 + WindowMax, client.Counters[ModbusCount.Writes]);
    }

    [Fact]
    public async Task No_byte_is_allocated_per_request_in_steady_state()
    {
        const int requests = 500;
        await using var client = Client(1, Long);
        var answering = Task.Run(() => AnswerAsync(1 + (2 * requests), each: 1), Cancel);
        await ReadAsync(client);
        var (allocated, isOneThread) = await AllocatedAsync(client, requests);

        // One thread asks and reads, so that what it allocated is all that the requests did.
        Assert.True(isOneThread);
        Assert.Equal(0, allocated);
        await answering;
    }

    [Fact]
    public async Task A_caller_that_throws_where_it_is_handed_its_answer_is_counted_and_stops_nobody()
    {
        await using var client = Client(2, Long);
        await ConnectAsync(client);
        ThrowWhenAnswered(Ask(client));
        var other = Ask(client).AsTask();
        await AnswerAsync(2);

        Assert.Equal(ModbusStatus.Answered, (await other).Status);
        Assert.Equal(1, client.Counters[ModbusCount.CallerFaults]);
        var next = Ask(client).AsTask();
        await AnswerAsync(1);
        Assert.Equal(ModbusStatus.Answered, (await next).Status);
    }

    [Fact]
    public async Task A_caller_that_blocks_holds_up_the_others_no_longer_than_until_their_deadlines()
    {
        await using var client = Client(3, Short);
        await ConnectAsync(client);
        using var goOn = new ManualResetEventSlim();
        var blocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var blocker = BlockAsync(Ask(client), goOn, blocked);
        var arrived = Ask(client).AsTask();
        await AnswerAsync(2);
        await blocked.Task.WaitAsync(Long, Cancel);
        var tooLate = Ask(client).AsTask();
        await AnswerAsync(1);

        // What was read before has its answer; what came in while the reader was held up is late.
        Assert.Equal(ModbusStatus.Answered, (await arrived.WaitAsync(Long, Cancel)).Status);
        Assert.Equal(ModbusStatus.Timeout, (await tooLate.WaitAsync(Long, Cancel)).Status);
        Assert.False(blocker.IsCompleted);
        goOn.Set();
        await blocker;
        var next = Ask(client).AsTask();
        await AnswerAsync(1);
        Assert.Equal(ModbusStatus.Answered, (await next).Status);
        Assert.Equal(1, client.Counters[ModbusCount.LateAnswers]);
    }

    [Fact]
    public async Task A_caller_that_blocks_on_its_own_next_request_gets_a_timeout_and_no_deadlock()
    {
        await using var client = Client(1, Short);
        await ConnectAsync(client);
        var nested = NestedAsync(client);
        await AnswerAsync(1);
        Assert.Equal(ModbusStatus.Timeout, (await nested.WaitAsync(Long, Cancel)).Status);

        var next = Ask(client).AsTask();
        await AnswerAsync(1);
        Assert.Equal(ModbusStatus.Answered, (await next.WaitAsync(Long, Cancel)).Status);
    }

    [Fact]
    public async Task An_outcome_that_nobody_takes_keeps_no_place_in_the_window()
    {
        await using var client = Client(1, Long);
        await ConnectAsync(client);
        for (var index = 0; index < 3; index++)
        {
            Forget(Ask(client));
            await AnswerAsync(1);
        }

        var last = Ask(client).AsTask();
        await AnswerAsync(1);
        Assert.Equal(ModbusStatus.Answered, (await last.WaitAsync(Long, Cancel)).Status);
    }

    [Fact]
    public async Task Requests_given_up_without_end_were_forgotten_so_an_old_answer_could_pass_for_a_new_one()
    {
        await using var client = Client(1, Long);
        await ConnectAsync(client);
        for (var index = 0; index < TransactionTable.OwedMax; index++)
        {
            using var stop = new CancellationTokenSource();
            var read = client.ReadRegistersAsync(1, ModbusTable.HoldingRegister, 0, new ushort[1], stop.Token).AsTask();
            await stop.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(() => read);
        }

        Assert.Equal(1, client.Counters[ModbusCount.Disconnects]);

        // Those that were given up are still in the device's ear; it goes on to the next connection when they end.
        var next = Ask(client).AsTask();
        while (device.Accepted < 2)
        {
            await AnswerAsync(1);
        }

        Assert.Equal(ModbusStatus.Answered, (await next.WaitAsync(Long, Cancel)).Status);
        Assert.Equal(2, client.Counters[ModbusCount.Connects]);
    }

    public ValueTask DisposeAsync() => device.DisposeAsync();

    private static ValueTask<ModbusResult> Ask(ModbusTcpClient client) =>
        client.ReadRegistersAsync(1, ModbusTable.HoldingRegister, 0, new ushort[1], Cancel);

    private static async Task<ModbusResult> ReadAsync(ModbusTcpClient client) => await Ask(client);

    private static async Task TwiceAsync(ModbusTcpClient client)
    {
        await Ask(client).ConfigureAwait(false);
        await Ask(client).ConfigureAwait(false);
    }

    /// <summary>What the thread that goes on allocates over so many requests, after as many to warm up.</summary>
    private static async Task<(long Bytes, bool IsOneThread)> AllocatedAsync(ModbusTcpClient client, int requests)
    {
        using var stop = new CancellationTokenSource();
        var into = new ushort[125];
        var (from, thread, unanswered) = (0L, 0, 0);
        for (var index = 0; index < 2 * requests; index++)
        {
            var result = await client.ReadRegistersAsync(1, ModbusTable.HoldingRegister, 0, into, stop.Token)
                .ConfigureAwait(false);
            unanswered += result.Status == ModbusStatus.Answered ? 0 : 1;
            if (index == requests)
            {
                from = GC.GetAllocatedBytesForCurrentThread();
                thread = Environment.CurrentManagedThreadId;
            }
        }

        var bytes = GC.GetAllocatedBytesForCurrentThread() - from;
        Assert.Equal(0, unanswered);
        return (bytes, thread == Environment.CurrentManagedThreadId);
    }

    private static void ThrowWhenAnswered(ValueTask<ModbusResult> answer) =>
        answer.ConfigureAwait(false).GetAwaiter().OnCompleted(
            () => throw new InvalidOperationException("a caller's own fault"));

    private static async Task BlockAsync(
        ValueTask<ModbusResult> answer, ManualResetEventSlim goOn, TaskCompletionSource blocked)
    {
        await answer.ConfigureAwait(false);
        blocked.SetResult();
        goOn.Wait(Long, CancellationToken.None);
    }

    private static async Task<ModbusResult> NestedAsync(ModbusTcpClient client)
    {
        await Ask(client).ConfigureAwait(false);
#pragma warning disable xUnit1031 // this is what must do no harm
        return Ask(client).AsTask().GetAwaiter().GetResult();
#pragma warning restore xUnit1031
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(ValueTask<ModbusResult> answer) => _ = answer;

    private ModbusTcpClient Client(int window, TimeSpan timeout) => new(
        new ModbusTcpOptions
        {
            Address = IPAddress.Loopback,
            Port = device.Port,
            Window = window,
            Timeout = timeout,
            ReconnectFirst = TimeSpan.FromTicks(1),
            ReconnectMax = TimeSpan.FromTicks(1),
        },
        TimeProvider.System);

    private async Task ConnectAsync(ModbusTcpClient client)
    {
        var first = Ask(client).AsTask();
        await AnswerAsync(1);
        Assert.Equal(ModbusStatus.Answered, (await first).Status);
    }

    /// <summary>Takes so many requests, then sends their answers, as many in one piece as are asked for.</summary>
    private async Task AnswerAsync(int requests, int each = int.MaxValue)
    {
        var answers = new List<byte>();
        for (var index = 0; index < requests; index++)
        {
            var request = await device.AskAsync(Cancel);
            var count = request[11];
            answers.AddRange(ScriptedModbusServer.Frame(
                request, [3, (byte)(count * 2), .. Enumerable.Range(0, count * 2).Select(value => (byte)value)]));
            if ((index + 1) % each == 0 || index + 1 == requests)
            {
                await device.SendAsync(answers.ToArray(), Cancel);
                answers.Clear();
            }
        }
    }
}
