using System.Globalization;

namespace Sluice.Hal.Modbus;

/// <summary>
/// How a signal list writes an address, read into the PDU address that goes on the wire.
/// <list type="bullet">
/// <item><c>holding:N</c>, <c>input:N</c>, <c>coil:N</c>, <c>discrete:N</c>: N is the PDU address, from 0.</item>
/// <item><c>40001</c> or <c>400001</c>: the classic forms, first digit = table, the rest counts from 1.</item>
/// <item><c>LW-N</c>, <c>LB-N</c>, <c>RW-N</c>: a Weintek panel's own words, where the profile is weintek.</item>
/// <item>A bit of a register: <c>holding:100.3</c>, <c>40101.3</c>, <c>LW-100.3</c>; 0 is the least significant.</item>
/// </list>
/// </summary>
public static class ModbusAddressNotation
{
    /// <summary>PDU address of RW-0 on a Weintek panel: Modbus reference 410000 (MODBUS.md, Weintek panels).</summary>
    private const int RecipeWordBase = 9999;

    // Last valid panel addresses (MODBUS.md, Weintek panels).
    private const int PanelBitMax = 12799;
    private const int PanelWordMax = 9998;
    private const int RecipeWordMax = 55535;

    /// <summary>False with a sentence that says what is wrong and what to write instead.</summary>
    public static bool TryParse(string text, bool weintek, out ModbusAddress address, out string problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        address = default;
        var trimmed = text.Trim();
        if (trimmed.Length == 0)
        {
            problem = weintek
                ? "the address is empty: write for example LW-100, LB-12, RW-0 or holding:100"
                : "the address is empty: write for example holding:100, input:30, coil:0, discrete:5 or 40101";
            return false;
        }

        if (!TrySplitBit(trimmed, out var place, out var bit, out problem))
        {
            return false;
        }

        if (!TryPlace(place, weintek, out var table, out var number, out problem))
        {
            return false;
        }

        if (bit >= 0 && table is (ModbusTable.Coil or ModbusTable.DiscreteInput))
        {
            problem = $"'{trimmed}' asks for bit {bit} of something that is a single bit already: leave out '.{bit}'";
            return false;
        }

        address = new ModbusAddress(table, number, bit);
        return true;
    }

    /// <summary>The address in the notation that every device understands: <c>holding:100.3</c>.</summary>
    public static string Write(ModbusAddress address)
    {
        var word = address.Table switch
        {
            ModbusTable.Coil => "coil",
            ModbusTable.DiscreteInput => "discrete",
            ModbusTable.HoldingRegister => "holding",
            _ => "input",
        };
        return address.Bit < 0
            ? string.Create(CultureInfo.InvariantCulture, $"{word}:{address.Address}")
            : string.Create(CultureInfo.InvariantCulture, $"{word}:{address.Address}.{address.Bit}");
    }

    private static bool TrySplitBit(string text, out string place, out sbyte bit, out string problem)
    {
        place = text;
        bit = -1;
        problem = "";
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            return true;
        }

        if (!TryNumber(text.AsSpan(dot + 1), out var number) || number > 15)
        {
            problem = $"'{text}' names the bit '{text[(dot + 1)..]}': a register has the bits 0 to 15, "
                + "0 being the least significant";
            return false;
        }

        place = text[..dot];
        bit = (sbyte)number;
        return true;
    }

    private static bool TryPlace(
        string place, bool weintek, out ModbusTable table, out ushort address, out string problem)
    {
        table = default;
        address = 0;
        if (place.Contains(':', StringComparison.Ordinal))
        {
            return TryTableNotation(place, out table, out address, out problem);
        }

        if (place.Contains('-', StringComparison.Ordinal))
        {
            return TryPanelNotation(place, weintek, out table, out address, out problem);
        }

        return TryClassicNotation(place, weintek, out table, out address, out problem);
    }

    private static bool TryTableNotation(string place, out ModbusTable table, out ushort address, out string problem)
    {
        var colon = place.IndexOf(':', StringComparison.Ordinal);
        address = 0;
        problem = "";
        (table, var known) = place[..colon] switch
        {
            "holding" => (ModbusTable.HoldingRegister, true),
            "input" => (ModbusTable.InputRegister, true),
            "coil" => (ModbusTable.Coil, true),
            "discrete" => (ModbusTable.DiscreteInput, true),
            _ => (default, false),
        };
        if (!known)
        {
            problem = $"'{place[..colon]}' is no Modbus table: write holding, input, coil or discrete before the colon";
            return false;
        }

        if (!TryNumber(place.AsSpan(colon + 1), out var number) || number > ushort.MaxValue)
        {
            problem = $"'{place[(colon + 1)..]}' is no Modbus address: write a whole number from 0 to 65535 after "
                + "the colon";
            return false;
        }

        address = (ushort)number;
        return true;
    }

    private static bool TryPanelNotation(
        string place, bool weintek, out ModbusTable table, out ushort address, out string problem)
    {
        table = default;
        address = 0;
        problem = "";
        var dash = place.IndexOf('-', StringComparison.Ordinal);
        var word = place[..dash];
        (table, var first, var max) = word switch
        {
            "LW" => (ModbusTable.HoldingRegister, 0, PanelWordMax),
            "LB" => (ModbusTable.Coil, 0, PanelBitMax),
            "RW" => (ModbusTable.HoldingRegister, RecipeWordBase, RecipeWordMax),
            _ => (default, 0, -1),
        };
        if (max < 0)
        {
            problem = $"'{place}' is no address that can be read over Modbus: write LW-N, LB-N or RW-N for a Weintek "
                + "panel, or holding:N, input:N, coil:N, discrete:N";
            return false;
        }

        if (!weintek)
        {
            problem = $"'{place}' is a Weintek panel's address, but the source has no \"profile\": \"weintek\": "
                + "add it, or write holding:N or coil:N";
            return false;
        }

        if (!TryNumber(place.AsSpan(dash + 1), out var number) || number > max)
        {
            problem = $"'{place}' lies outside the panel's map: {word} goes from {word}-0 to {word}-{max}";
            return false;
        }

        address = (ushort)(first + number);
        return true;
    }

    private static bool TryClassicNotation(
        string place, bool weintek, out ModbusTable table, out ushort address, out string problem)
    {
        table = default;
        address = 0;
        problem = "";
        if (place.Length is not (5 or 6) || !TryNumber(place, out _))
        {
            problem = $"'{place}' is no Modbus address: write for example holding:100, input:30, coil:0, discrete:5"
                + (weintek ? ", LW-100, LB-12, RW-0" : "") + " or the classic 40101";
            return false;
        }

        (table, var known) = place[0] switch
        {
            '0' => (ModbusTable.Coil, true),
            '1' => (ModbusTable.DiscreteInput, true),
            '3' => (ModbusTable.InputRegister, true),
            '4' => (ModbusTable.HoldingRegister, true),
            _ => (default, false),
        };
        _ = TryNumber(place.AsSpan(1), out var number);
        if (!known)
        {
            problem = $"'{place}' begins with {place[0]}: a classic address begins with 0 (coil), 1 (discrete input), "
                + "3 (input register) or 4 (holding register)";
            return false;
        }

        if (number is < 1 or > 65536)
        {
            problem = $"'{place}' is outside its table: the classic form counts from 1 ({place[0]}0001) to 65536";
            return false;
        }

        address = (ushort)(number - 1);
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
