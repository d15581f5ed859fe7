using System.Globalization;
using Sluice.Agent.Commissioning.Finding;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Golden;

/// <summary>
/// What a person read on the machine's own screen, and the registers at that moment: the proof that a line of the
/// signal list was right once, and the means to find out whether it still says the same.
/// </summary>
internal sealed record GoldenSample
{
    /// <summary>The signal's name in the list.</summary>
    public required string Signal { get; init; }

    public required byte UnitId { get; init; }

    public required ModbusAddress Address { get; init; }

    /// <summary>From <see cref="Address"/> on, as many as were read: also those beyond the type of that day.</summary>
    public required IReadOnlyList<ushort> Registers { get; init; }

    public required ShownValue Shown { get; init; }

    /// <summary>UTC, by the gateway's clock of that day.</summary>
    public required DateTime Taken { get; init; }

    /// <summary>Line of the file, from 1; 0 where it is not in one yet.</summary>
    public int Line { get; init; }

    public string RegistersText =>
        string.Join(' ', Registers.Select(each => each.ToString("X4", CultureInfo.InvariantCulture)));

    /// <summary>Whether today's line reads the registers of that day as the screen showed them. A core.</summary>
    /// <param name="today">The signal as the list has it now; null where it has none of this name.</param>
    public GoldenVerdict Verify(ModbusSignal? today)
    {
        if (today is null)
        {
            return new(false, $"the list has no signal {Signal} any more: take out the sample, or name the signal so.");
        }

        if (today.Address != Address || today.UnitId != UnitId)
        {
            return new(false, $"was taken at {Place(Address, UnitId)}, and the list reads it at "
                + $"{Place(today.Address, today.UnitId)} now: take a new sample with find-order.");
        }

        var type = today.Signal.Type;
        var asked = type.Registers == 1 && today.Order == ByteOrder.ABCD ? $"{type}" : $"{type} {today.Order}";
        if (type.Registers > Registers.Count)
        {
            return new(false, $"holds {Registers.Count} registers, and {asked} takes {type.Registers}: take a new "
                + "sample with find-order.");
        }

        var value = RegisterDecoding.FromRegisters(today, [.. Registers.Take(type.Registers)]).Value;
        var shown = value.Kind == Hal.ValueKind.None ? "no value" : value.ToString();
        return Shown.Fits(value)
            ? new(true, $"{RegistersText} is {shown} by today's line; the screen showed {Shown}.")
            : new(false, $"the screen showed {Shown} on {Taken:yyyy-MM-dd}, and today's line ({asked}, scale "
                + string.Create(CultureInfo.InvariantCulture, $"{today.Scale}, offset {today.Offset}")
                + $") makes {shown} of the same registers: undo the change of the line, or take a new sample.");
    }

    private static string Place(ModbusAddress address, byte unitId) =>
        $"{ModbusAddressNotation.Write(address)} of unit {unitId.ToString(CultureInfo.InvariantCulture)}";
}

/// <param name="Holds">The line still says what it said.</param>
/// <param name="Sentence">What was compared, or what is wrong and what to do.</param>
internal readonly record struct GoldenVerdict(bool Holds, string Sentence);
