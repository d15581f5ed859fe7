using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

/// <summary>
/// Every fault of the folder Faults over Modbus TCP. Whatever a case expects, three things are always demanded: no
/// value but the device's own is ever Good, no read lasts longer than its bound, and once the device behaves again,
/// every signal becomes Good.
/// </summary>
public sealed class FaultTcpTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Cases => [.. FaultCase.Names("tcp.txt")];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task No_wrong_value_is_good_nothing_hangs_and_the_next_good_answer_is_read(string name)
    {
        var fault = FaultCase.Load(name, "tcp.txt");
        await using var run = new Run(fault);
        await run.PlayAsync();
        await run.RecoverAsync();
        run.CheckCounters();
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly FaultCase fault;
        private readonly ScriptedModbusServer device = new();
        private readonly ModbusResponder responder = new(new ModbusMap());
        private readonly ModbusSource source;
        private readonly List<ushort> transactions = [];
        private readonly CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        private byte[] right = [];

        public Run(FaultCase fault)
        {
            this.fault = fault;
            stop.CancelAfter(TimeSpan.FromSeconds(20));
            foreach (var each in fault.Signals)
            {
                Fill(responder.Map, each);
            }

            source = new ModbusSource(
                "plc", [.. fault.Signals.Select(Signals.Of)],
                new ModbusTcpOptions
                {
                    Address = IPAddress.Loopback,
                    Port = device.Port,
                    Timeout = TimeSpan.FromMilliseconds(Option("timeoutMs", 1000)),
                    Window = Option("window", 1),
                    TimeoutsBeforeReconnect = Option("timeoutsBeforeReconnect", 3),
                    GapRegistersMax = Option("gapRegistersMax", 16),
                    OneRequestPerSignal = Option("oneRequestPerSignal", 0) == 1,
                    ReconnectFirst = TimeSpan.FromMilliseconds(5),
                    ReconnectMax = TimeSpan.FromMilliseconds(20),
                },
                TimeProvider.System);
        }

        public async Task PlayAsync()
        {
            for (var at = 0; at < fault.Steps.Count;)
            {
                var step = fault.Steps[at];
                if (step.Word is "refuse" or "listen")
                {
                    await ActAsync(step);
                    at++;
                    continue;
                }

                if (step.Word == "count")
                {
                    at++;
                    continue;
                }

                Assert.True(step.Word == "read", $"{fault.Name}:{step.Line}: '{step.Word}' stands outside a read");
                var end = fault.Steps.FindIndex(at + 1, each => each.Word is "read" or "count" or "refuse" or "listen");
                end = end < 0 ? fault.Steps.Count : end;
                await PlayReadAsync(step, fault.Steps[(at + 1)..end]);
                at = end;
            }
        }

        /// <summary>The device answers rightly from now on: every signal must become Good.</summary>
        public async Task RecoverAsync()
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            var answering = AnswerRightlyAsync(over.Token);
            var last = await Signals.ReadUntilAsync(source, readings =>
            {
                CheckValues(readings);
                return readings.Values.All(each => each.Quality.IsGood);
            });
            Assert.Equal(fault.Signals.Count, last.Count);
            await over.CancelAsync();
            await answering;
        }

        public void CheckCounters()
        {
            foreach (var step in fault.Steps.Where(each => each.Word == "count"))
            {
                var least = long.Parse(step.Arguments[1], CultureInfo.InvariantCulture);
                var counted = Signals.Counter(source, step.Arguments[0]);
                Assert.True(counted >= least, $"{fault.Name}:{step.Line}: {step.Arguments[0]} is {counted}");
            }
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await source.DisposeAsync();
            await device.DisposeAsync();
            stop.Dispose();
        }

        private async Task PlayReadAsync(FaultStep read, List<FaultStep> steps)
        {
            var began = TimeProvider.System.GetTimestamp();
            var acting = ActAllAsync([.. steps.Where(each => each.Word != "expect")]);
            var readings = await Signals.ReadAsync(source, read.Arguments);
            var took = TimeProvider.System.GetElapsedTime(began);
            Assert.True(took < Bound, $"{fault.Name}:{read.Line}: the read took {took}");
            await acting.WaitAsync(Bound, stop.Token);
            CheckValues(readings);
            foreach (var step in steps.Where(each => each.Word == "expect"))
            {
                Assert.Equal(
                    $"line {step.Line} {step.Arguments[1]}", $"line {step.Line} {readings[step.Arguments[0]].Quality}");
            }
        }

        private async Task ActAllAsync(FaultStep[] steps)
        {
            foreach (var step in steps)
            {
                await ActAsync(step);
            }
        }

        private async Task ActAsync(FaultStep step)
        {
            switch (step.Word)
            {
                case "ask":
                    await TakeRequestAsync(stop.Token);
                    break;
                case "right":
                    await device.SendAsync(right, stop.Token);
                    break;
                case "send":
                    await device.SendAsync(FaultBytes.Of(step.Arguments, transactions, right), stop.Token);
                    break;
                case "trickle":
                    await device.TrickleAsync(FaultBytes.Of(step.Arguments, transactions, right), stop.Token);
                    break;
                case "accept":
                    await device.AcceptAsync(stop.Token);
                    break;
                case "close":
                    device.Close();
                    break;
                case "reset":
                    device.Reset();
                    break;
                case "refuse":
                    device.Refuse();
                    break;
                case "listen":
                    device.Listen();
                    break;
                default:
                    Assert.Fail($"{fault.Name}:{step.Line}: no such step: {step.Word}");
                    break;
            }
        }

        private async Task TakeRequestAsync(CancellationToken cancellationToken)
        {
            var request = await device.AskAsync(cancellationToken);
            transactions.Add(BinaryPrimitives.ReadUInt16BigEndian(request));
            var pdu = new byte[253];
            right = ScriptedModbusServer.Frame(request, pdu.AsSpan(0, responder.Answer(request.AsSpan(7), pdu)));
        }

        private async Task AnswerRightlyAsync(CancellationToken cancellationToken)
        {
            try
            {
                while (true)
                {
                    await TakeRequestAsync(cancellationToken);
                    await device.SendAsync(right, cancellationToken);
                }
            }
            catch (OperationCanceledException)
            {
                // The case is over.
            }
        }

        private void CheckValues(Dictionary<string, Reading> readings)
        {
            foreach (var (name, reading) in readings)
            {
                if (reading.Quality.IsGood)
                {
                    var own = fault.Signals.Single(each => each.Name == name).Value;
                    Assert.True(own == (long)reading.Value.AsDouble, $"{fault.Name}: {name} was read as {reading}");
                }
                else
                {
                    Assert.Equal(ValueKind.None, reading.Value.Kind);
                }
            }
        }

        private int Option(string name, int otherwise) => fault.Options.TryGetValue(name, out var text)
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;

        private static void Fill(ModbusMap map, FaultSignal signal)
        {
            var place = Signals.Modbus(signal.Name, signal.Address, signal.Type).Address;
            switch (signal.Type)
            {
                case "bool":
                    map.SetBit(place.Table, place.Address, signal.Value != 0);
                    break;
                case "uint32":
                    map.SetUInt32(place.Table, place.Address, (uint)signal.Value);
                    break;
                default:
                    map.SetRegister(place.Table, place.Address, (ushort)signal.Value);
                    break;
            }
        }
    }
}
