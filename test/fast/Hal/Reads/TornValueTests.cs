using System.Buffers.Binary;
using System.Globalization;
using Sluice.Fast.Hal.Faults;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Hal.Reads;

/// <summary>
/// A device whose registers change with every request: a value that was put together from two requests would show it.
/// </summary>
public sealed class TornValueTests
{
    private const int Values = 125;

    private static readonly Dictionary<string, Func<FaultTransport>> Wires = new()
    {
        ["tcp"] = FaultTransport.Tcp,
        ["rtu-over-tcp"] = FaultTransport.RtuOverTcp,
        ["serial"] = FaultTransport.Serial,
    };

    [Theory]
    [InlineData("tcp")]
    [InlineData("rtu-over-tcp")]
    [InlineData("serial")]
    public async Task A_value_of_two_registers_is_whole_while_the_device_counts(string wire)
    {
        var transport = Wires[wire]();
        await using var device = transport.Device;
        await using var source = transport.Open(TwoRegistersEach());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var counting = CountAsync(transport, stop.Token);
        var seen = new HashSet<ulong>();
        for (var turn = 0; turn < 5; turn++)
        {
            foreach (var (name, reading) in await Signals.ReadAsync(source))
            {
                Assert.True(reading.Quality.IsGood, $"{name}: {reading}");
                var value = (ulong)reading.Value.AsDouble;
                Assert.True(value >> 16 == (value & 0xFFFF), $"{name} is torn: {value:X8}");
                seen.Add(value);
            }
        }

        await stop.CancelAsync();

        // 250 registers do not fit into one request, so the cut was made somewhere, five times.
        Assert.True(await counting >= 15, "too few requests: nothing was cut");
        Assert.True(seen.Count >= 15, "the device did not count");
    }

    /// <summary>On odd addresses, so that a cut after 125 registers would go through the middle of one.</summary>
    private static FaultCase TwoRegistersEach()
    {
        var fault = new FaultCase { Name = "torn" };
        for (var each = 0; each < Values; each++)
        {
            var address = ((each * 2) + 1).ToString(CultureInfo.InvariantCulture);
            fault.Signals.Add(new FaultSignal("at" + address, $"holding:{address}", "uint32", 0, 1));
        }

        return fault;
    }

    private static async Task<int> CountAsync(FaultTransport transport, CancellationToken cancellationToken)
    {
        var requests = 0;
        try
        {
            while (true)
            {
                var request = await transport.Device.AskAsync(cancellationToken);
                requests++;
                var count = BinaryPrimitives.ReadUInt16BigEndian(transport.PduOf(request)[3..]);
                var pdu = new byte[2 + (count * 2)];
                (pdu[0], pdu[1]) = (3, (byte)(count * 2));
                for (var register = 0; register < count; register++)
                {
                    BinaryPrimitives.WriteUInt16BigEndian(pdu.AsSpan(2 + (register * 2)), (ushort)requests);
                }

                await transport.Device.SendAsync(transport.Frame(request, pdu), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            return requests;
        }
    }
}
