namespace Sluice.Hal.Modbus;

/// <summary>What a signal of a Modbus device must keep to, in words for whoever writes the signal list.</summary>
public static class ModbusSignalRules
{
    /// <summary>What is wrong with the signal and what to write instead; null if it can be read.</summary>
    public static string? Problem(ModbusSignal signal, ReadPlanOptions options)
    {
        ArgumentNullException.ThrowIfNull(signal);
        ArgumentNullException.ThrowIfNull(options);
        var type = signal.Signal.Type;
        var place = ModbusAddressNotation.Write(signal.Address);
        var isBits = signal.Address.Table is ModbusTable.Coil or ModbusTable.DiscreteInput;
        if (type.Kind == SignalKind.Count)
        {
            return "type count is for GPIO lines: write uint16 or uint32 for a counter in a register";
        }

        if ((isBits || signal.Address.Bit >= 0) && type.Kind != SignalKind.Bool)
        {
            return $"{place} is a single bit, which cannot hold {type}: write bool as its type, or the address of a "
                + "register";
        }

        if (signal.Address.Address + type.Registers > 65536)
        {
            return $"{type} at {place} reaches past the last address, 65535";
        }

        if (!isBits && type.Registers > options.RegistersMax)
        {
            return $"{type} takes {type.Registers} registers, but the source reads at most {options.RegistersMax} in "
                + "one request, and a value is never split: raise registersMax or shorten the text";
        }

        var isScaled = !signal.Scale.Equals(1.0) || !signal.Offset.Equals(0.0);
        if (isScaled && type.Kind is (SignalKind.Bool or SignalKind.String))
        {
            return $"{type} cannot be scaled: leave scale and offset empty";
        }

        if (!double.IsFinite(signal.Scale) || !double.IsFinite(signal.Offset) || signal.Scale.Equals(0.0))
        {
            return "scale must be a number other than 0, and offset a number";
        }

        return null;
    }
}
