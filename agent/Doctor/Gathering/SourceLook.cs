using Sluice.Agent.Commissioning.Asking;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Binding;
using Sluice.Agent.Health;
using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Doctor.Gathering;

/// <summary>
/// What is known of each machine. Where the agent runs it is asked and the machine is left alone: panels serve few
/// connections, and a bus takes one client. Where none runs each unit is asked for one value, on one connection to each
/// device, with pauses. Where nobody knows, nothing is asked.
/// </summary>
internal sealed class SourceLook(TimeProvider clock)
{
    /// <summary>Units that one source is asked for at most; the others are said not to have been asked.</summary>
    private const int UnitsMax = 32;

    public async Task<IReadOnlyList<SourceFacts>> LookAsync(
        IReadOnlyList<ConfiguredSource> sources, StatusReport? running, bool isNobody,
        CancellationToken cancellationToken)
    {
        var asked = sources.Where(source => source.Settings is not SimulatedSettings)
            .GroupBy(source => DeviceName.Of(source.Settings), StringComparer.Ordinal)
            .Select(async device =>
            {
                var facts = new List<SourceFacts>();
                foreach (var source in device)
                {
                    facts.Add(running is { } report ? Told(source, report)
                        : !isNobody ? Unasked(source) with
                        {
                            Sentence = "not asked, because nobody knows whether the agent holds it",
                        }
                        : await AskAsync(source, cancellationToken).ConfigureAwait(false));
                }

                return facts;
            });
        var all = await Task.WhenAll(asked).ConfigureAwait(false);
        var order = sources.Select(source => source.Settings.Name).ToList();
        return [.. all.SelectMany(each => each).OrderBy(each => order.IndexOf(each.Name))];
    }

    /// <summary>From what the agent says.</summary>
    internal static SourceFacts Told(ConfiguredSource source, StatusReport report)
    {
        var facts = Unasked(source);
        if (report.Sources.FirstOrDefault(each => each.Name == source.Settings.Name) is not { } told)
        {
            return facts with { Sentence = "the agent that runs has no such source: it was added since" };
        }

        var all = told.Good + told.Uncertain + told.Bad;
        var hasAnswered = told.Good + told.Uncertain > 0
            || (told.Reason is "DeviceException" or "OutOfRange" && told.State is "connected" or "listening");
        return facts with
        {
            IsReached = hasAnswered || told.State == "connected" && told.Units.Any(unit => unit.State == "answers"),
            Sentence = told.Sentence,
            IsRefused = told.Sentence.Contains(ModbusTcpClient.RefusesWords, StringComparison.Ordinal),
            Units = [.. told.Units.Select(unit => new UnitFacts(unit.UnitId,
                unit.State switch { "answers" => true, "silent" => false, _ => null },
                unit.State == "answers" ? $"{unit.Good} of {unit.Signals} Good" : $"{unit.State} {unit.Reason}"))],
            Signals = (told.Good, all, told.Reason),
        };
    }

    private static SourceFacts Unasked(ConfiguredSource source) =>
        new(source.Settings.Name, DeviceName.Of(source.Settings))
        {
            IsWeintek = source.IsWeintek && source.Settings is ModbusTcpSettings,
            PortProblem = source.Settings is ModbusRtuSettings { Port: { } port } ? port.AccessProblem() ?? "" : null,
        };

    private async Task<SourceFacts> AskAsync(ConfiguredSource source, CancellationToken cancellationToken) =>
        source.Settings switch
        {
            ModbusSettings modbus when Unasked(source) is { PortProblem: null or "" } facts =>
                await AskUnitsAsync(modbus, facts, cancellationToken).ConfigureAwait(false),
            ModbusSettings => Unasked(source) with { IsReached = false, Sentence = "its serial port cannot be opened" },
            SensorSettings sensors => await ReadAsync(sensors, Unasked(source), cancellationToken)
                .ConfigureAwait(false),

            // Lines are not requested: that would set their resistors. See gpio-lines.
            _ => Unasked(source) with { Sentence = "its lines are not requested while no agent runs: see gpio-lines" },
        };

    private async Task<SourceFacts> AskUnitsAsync(
        ModbusSettings settings, SourceFacts facts, CancellationToken cancellationToken)
    {
        var firsts = settings.Addresses.GroupBy(signal => signal.UnitId).OrderBy(unit => unit.Key)
            .Select(unit => unit.First()).ToList();
        var (reader, client) = ModbusLinks.Open(settings, clock);
        await using (client.ConfigureAwait(false))
        {
            var units = new List<UnitFacts>();
            foreach (var signal in firsts.Take(UnitsMax))
            {
                var result = await AskAsync(reader, signal, cancellationToken).ConfigureAwait(false);
                if (result.Status == ModbusStatus.Disconnected)
                {
                    return facts with
                    {
                        IsReached = false, Sentence = reader.Trouble,
                        IsRefused = reader.Trouble.Contains(ModbusTcpClient.RefusesWords, StringComparison.Ordinal),
                        Units = [.. firsts.Select(each => new UnitFacts(each.UnitId, null, "no connection"))],
                    };
                }

                units.Add(new UnitFacts(signal.UnitId, Answers(result), DeviceAnswer.Say(result)));
            }

            units.AddRange(firsts.Skip(UnitsMax).Select(each => new UnitFacts(each.UnitId, null, "not asked")));
            var reached = settings is ModbusTcpSettings || units.Exists(unit => unit.Answers == true);
            return facts with
            {
                IsReached = reached, Units = units,
                Sentence = reached ? "" : "no unit of the bus answers",
            };
        }
    }

    private static ValueTask<ModbusResult> AskAsync(
        PoliteReader reader, ModbusSignal signal, CancellationToken cancellationToken) =>
        signal.Address.Table is ModbusTable.Coil or ModbusTable.DiscreteInput
            ? reader.ReadAsync(
                signal.UnitId, signal.Address.Table, signal.Address.Address, new bool[1], cancellationToken)
            : reader.ReadAsync(
                signal.UnitId, signal.Address.Table, signal.Address.Address,
                new ushort[signal.Signal.Type.Registers], cancellationToken);

    /// <summary>A gateway that says that the unit behind it is silent speaks of it, and not for it.</summary>
    private static bool? Answers(ModbusResult result) => result.Status switch
    {
        ModbusStatus.Answered => true,
        ModbusStatus.DeviceException => result.ExceptionCode is not (10 or 11),
        ModbusStatus.NotAsked => null,
        _ => false,
    };

    private async Task<SourceFacts> ReadAsync(
        SensorSettings settings, SourceFacts facts, CancellationToken cancellationToken)
    {
        var source = GatewayHost.OpenOnce(settings, clock);
        await using (source.ConfigureAwait(false))
        {
            var batch = new ReadingBatch();
            await source.ReadAsync(
                Enumerable.Range(0, settings.Signals.Count).ToArray(), batch, cancellationToken).ConfigureAwait(false);
            var all = batch.Readings.ToArray();
            var good = all.Count(reading => reading.Quality.IsGood);
            return facts with
            {
                IsReached = good > 0, Sentence = source.Health.Sentence,
                Signals = (good, all.Length,
                    all.FirstOrDefault(reading => !reading.Quality.IsGood).Quality.Reason.ToString()),
            };
        }
    }
}
