using Sluice.Agent.Commissioning.Asking;
using Sluice.Agent.Configuration;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Discovery;

/// <summary>What discovery looks for.</summary>
internal sealed record DiscoveryWish
{
    /// <summary>How a person knows the device.</summary>
    public required string Device { get; init; }

    public required UnitScan Units { get; init; }

    public IReadOnlyList<ModbusTable> Tables { get; init; } =
        [ModbusTable.HoldingRegister, ModbusTable.InputRegister, ModbusTable.Coil, ModbusTable.DiscreteInput];

    public int First { get; init; }

    public int Last { get; init; } = 65535;

    public bool Thorough { get; init; }
}

/// <summary>
/// Asks a device or a bus what is on it: units, who they are, and what can be read. Called by discover modbus, on its
/// one loop; one request at a time at a bounded rate, and whatever ends it early, what was found until then is told.
/// </summary>
internal sealed class ModbusDiscovery(
    DiscoveryWish wish, PoliteReader reader, IModbusClient client, DiscoveryProgress progress)
{
    /// <summary>Values that are kept of one table, to make a draft of: nobody reads on.</summary>
    private const int NotZeroMax = 200;

    private const byte IllegalFunction = 1;
    private const byte IllegalValue = 3;
    private const byte NoPath = 10;
    private const byte NoUnit = 11;

    private readonly ushort[] registers = new ushort[ReadRequest.RegistersMax];
    private readonly bool[] bits = new bool[ReadRequest.BitsMax];
    private readonly List<DiscoveredUnit> units = [];
    private string sentence = "";

    public async Task<DiscoveryReport> RunAsync(CancellationToken cancellationToken)
    {
        var began = reader.Now;
        try
        {
            await ScanAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            sentence = "Ended early: this is what was found until then.";
        }

        progress.End();
        return new DiscoveryReport
        {
            Device = wish.Device,
            Complete = sentence.Length == 0,
            Sentence = sentence,
            Requests = reader.Requests,
            Seconds = Math.Round((reader.Now - began).TotalSeconds, 1),
            SlowestAnswerMilliseconds = Math.Round(reader.SlowestAnswer.TotalMilliseconds, 1),
            AnswersAnyUnit = wish.Units.AnswersAll,
            UnitsAsked = wish.Units.Asked,
            Units = [.. units.OrderBy(each => each.Unit)],
        };
    }

    private async Task ScanAsync(CancellationToken cancellationToken)
    {
        var scan = wish.Units;
        var explored = 0;
        while (scan.Next is { } unit)
        {
            progress.Unit(unit, scan.Asked, scan.Count, scan.Found.Count, reader.Requests);
            var result = await reader.ReadAsync(
                unit, ModbusTable.HoldingRegister, 0, registers.AsMemory(0, 1), cancellationToken)
                .ConfigureAwait(false);
            if (IsLost(result))
            {
                return;
            }

            scan.Observe(result.Status == ModbusStatus.Answered
                || result is { Status: ModbusStatus.DeviceException, ExceptionCode: not (NoPath or NoUnit) });
            for (; !scan.IsDeciding && explored < scan.Found.Count; explored++)
            {
                progress.Found(scan.Found[explored]);
                if (!await ExploreAsync(scan.Found[explored], cancellationToken).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
    }

    /// <summary>One unit; false where the connection is gone for good.</summary>
    private async Task<bool> ExploreAsync(byte unit, CancellationToken cancellationToken)
    {
        var found = new DiscoveredUnit { Unit = unit, Tables = [] };
        units.Add(found);
        var walk = new IdentificationWalk();
        while (walk.Next is { } question)
        {
            var page = default(IdentificationResult);
            var result = await reader.AskAsync(
                async token =>
                {
                    page = await client.ReadIdentificationAsync(unit, question.Scope, question.ObjectId, token)
                        .ConfigureAwait(false);
                    return page.Result;
                },
                cancellationToken).ConfigureAwait(false);
            if (IsLost(result))
            {
                return false;
            }

            walk.Observe(page);
        }

        units[^1] = found = found with { Identity = Identity(walk.Told) };
        foreach (var table in wish.Tables)
        {
            var search = new RangeSearch(table, new RangeSearchOptions
            {
                First = wish.First,
                Last = wish.Last,
                BlockMax = IsBits(table) ? ReadRequest.BitsMax : ReadRequest.RegistersMax,
                Thorough = wish.Thorough,
            });
            var notZero = new List<DiscoveredValue>();
            try
            {
                if (!await SearchAsync(unit, search, notZero, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }
            }
            finally
            {
                // Also where it is ended in the middle: half a table is worth something.
                units[^1] = found = found with { Tables = [.. found.Tables, Describe(table, search, notZero)] };
            }
        }

        return true;
    }

    private async Task<bool> SearchAsync(
        byte unit, RangeSearch search, List<DiscoveredValue> notZero, CancellationToken cancellationToken)
    {
        while (search.Next is { } probe)
        {
            progress.Search(unit, probe, reader.Requests, wish.Last);
            var into = probe.Count;
            var address = (ushort)probe.Address;
            var result = IsBits(probe.Table)
                ? await reader.ReadAsync(unit, probe.Table, address, bits.AsMemory(0, into), cancellationToken)
                    .ConfigureAwait(false)
                : await reader.ReadAsync(unit, probe.Table, address, registers.AsMemory(0, into), cancellationToken)
                    .ConfigureAwait(false);
            if (IsLost(result))
            {
                return false;
            }

            if (result.Status == ModbusStatus.Answered)
            {
                Keep(probe, notZero);
            }

            search.Observe(result switch
            {
                { Status: ModbusStatus.Answered } => ProbeOutcome.Readable,
                { Status: ModbusStatus.DeviceException, ExceptionCode: IllegalFunction } => ProbeOutcome.NoFunction,
                { Status: ModbusStatus.DeviceException, ExceptionCode: IllegalValue } => ProbeOutcome.TooMany,
                { Status: ModbusStatus.DeviceException } => ProbeOutcome.Nothing,
                _ => ProbeOutcome.Silent,
            });
        }

        return true;
    }

    private void Keep(Probe probe, List<DiscoveredValue> notZero)
    {
        for (var index = 0; index < probe.Count && notZero.Count < NotZeroMax; index++)
        {
            var value = IsBits(probe.Table) ? bits[index] ? 1 : 0 : registers[index];
            var address = probe.Address + index;
            if (value != 0 && !notZero.Exists(each => each.Address == address))
            {
                notZero.Add(new DiscoveredValue(address, value));
            }
        }
    }

    private bool IsLost(ModbusResult result)
    {
        if (result.Status != ModbusStatus.Disconnected)
        {
            return false;
        }

        var why = reader.Trouble.Length > 0 ? reader.Trouble : "the connection broke and was not made again";
        sentence = $"{char.ToUpperInvariant(why[0])}{why[1..].TrimEnd('.')}."
            + (units.Count > 0 ? " This is what was found until then." : "");
        return true;
    }

    private static bool IsBits(ModbusTable table) => table is ModbusTable.Coil or ModbusTable.DiscreteInput;

    private static DiscoveredIdentity? Identity(DeviceIdentification? told) => told is null
        ? null
        : new DiscoveredIdentity(
            FileNode.Clip(told.Vendor), FileNode.Clip(told.ProductCode), FileNode.Clip(told.Revision),
            FileNode.Clip(told.ProductName), FileNode.Clip(told.Model), FileNode.Clip(told.Application));

    private static DiscoveredTable Describe(ModbusTable table, RangeSearch search, List<DiscoveredValue> notZero) =>
        new(
            TableWord.Of(table),
            search.Next is not null ? "unfinished" : search.Verdict switch
            {
                TableVerdict.NoFunction => "noFunction",
                TableVerdict.Silent => "silent",
                TableVerdict.Unfinished => "unfinished",
                _ => "searched",
            },
            search.BlockMax,
            search.Requests,
            [.. search.Ranges.Select(range => new DiscoveredRange(range.First, range.Last, range.Sampled))],
            [.. notZero.OrderBy(each => each.Address)]);
}
