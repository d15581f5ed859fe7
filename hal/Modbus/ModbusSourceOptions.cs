namespace Sluice.Hal.Modbus;

/// <summary>How a source goes about its units, whatever it reaches them over.</summary>
public sealed record ModbusSourceOptions
{
    public ReadPlanOptions Plan { get; init; } = new();

    /// <summary>Requests outstanding at once, 1 to 16.</summary>
    public int Window { get; init; } = 1;

    public UnitPolicyOptions Units { get; init; } = new();

    /// <summary>Where holes in the address space wait for the next start; null: they are learned in each run.</summary>
    public ReadHoleFile? Holes { get; init; }

    /// <summary>
    /// What one question for identification may take of the time between two turns. It is asked only where that much is
    /// left, so that it never delays a reading. 0: units are not asked who they are.
    /// </summary>
    public TimeSpan IdentifyNeeds { get; init; }

    public static ModbusSourceOptions Of(ModbusTcpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ModbusSourceOptions
        {
            Plan = ModbusSource.PlanOf(options),
            Window = options.Window,
            IdentifyNeeds = options.Identify ? options.Timeout + (options.PauseBetweenRequests * 2) : TimeSpan.Zero,
        };
    }

    /// <summary>The same for an RTU bus; <paramref name="port"/> is null behind a converter.</summary>
    public static ModbusSourceOptions Of(ModbusRtuOptions options, SerialPortOptions? port)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ModbusSourceOptions
        {
            Plan = ModbusSource.PlanOf(options, port),

            // What is not answered in time is owed for as long again, and the line waits for it.
            IdentifyNeeds = options.Identify ? options.Timeout * 2 : TimeSpan.Zero,
        };
    }
}
