using Xunit;

namespace Sluice.Fast.Hal.Faults;

/// <summary>Every fault of the folder Faults, over each transport that it is written down for.</summary>
public sealed class FaultTcpTests
{
    public static TheoryData<string> Cases => [.. FaultCase.Names("tcp.txt")];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task No_wrong_value_is_good_nothing_hangs_and_the_next_good_answer_is_read(string name)
    {
        await using var run = new FaultRun(FaultCase.Load(name, "tcp.txt"), FaultTransport.Tcp());
        await run.PlayAsync();
        await run.RecoverAsync();
        run.CheckCounters();
    }
}

/// <summary>The same for RTU behind a converter's TCP port.</summary>
public sealed class FaultRtuOverTcpTests
{
    public static TheoryData<string> Cases => [.. FaultCase.Names("rtu.txt"), .. FaultCase.Names("rtu-over-tcp.txt")];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task No_wrong_value_is_good_nothing_hangs_and_the_next_good_answer_is_read(string name)
    {
        await using var run = new FaultRun(
            FaultCase.Load(name, "rtu.txt", "rtu-over-tcp.txt"), FaultTransport.RtuOverTcp());
        await run.PlayAsync();
        await run.RecoverAsync();
        run.CheckCounters();
    }
}

/// <summary>The same over a serial line: a pseudo terminal, with the kernel's own line discipline between.</summary>
public sealed class FaultSerialTests
{
    public static TheoryData<string> Cases => [.. FaultCase.Names("rtu.txt")];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task No_wrong_value_is_good_nothing_hangs_and_the_next_good_answer_is_read(string name)
    {
        await using var run = new FaultRun(FaultCase.Load(name, "rtu.txt"), FaultTransport.Serial());
        await run.PlayAsync();
        await run.RecoverAsync();
        run.CheckCounters();
    }
}
