using System.Globalization;
using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Finding;

/// <summary>One way to read a number or a text out of registers: what a line of the signal list says of them.</summary>
internal readonly record struct OrderCandidate(SignalType Type, ByteOrder Order, double Scale = 1, double Offset = 0)
{
    /// <summary>The widest number takes this many registers; so many are read, and each candidate takes its part.
    /// </summary>
    public const int NumberRegistersMax = 4;

    /// <summary>Whole numbers are sent with their decimals left out; these are the factors that are met.</summary>
    private static readonly double[] WholeScales = [1, 0.1, 0.01, 0.001, 10];

    private static readonly SignalKind[] Numbers =
    [
        SignalKind.Int16, SignalKind.Uint16, SignalKind.Bcd16,
        SignalKind.Int32, SignalKind.Uint32, SignalKind.Float32, SignalKind.Bcd32,
        SignalKind.Int64, SignalKind.Uint64, SignalKind.Float64,
    ];

    private static readonly ByteOrder[] BytesOnly = [ByteOrder.ABCD, ByteOrder.BADC];

    /// <summary>What decides between candidates that read alike: likelier first.</summary>
    public int Rank => ((Scale.Equals(1.0) ? 0 : 1) * 100) + Array.IndexOf(Numbers, Type.Kind);

    /// <summary>
    /// Everything that a number may be. With <paramref name="scale"/>, that factor for every type; without, the usual
    /// factors for whole numbers and none for floating ones.
    /// </summary>
    public static IReadOnlyList<OrderCandidate> OfNumbers(
        SignalType? type, ByteOrder? order, double? scale, double? offset) =>
    [
        .. from kind in Numbers
           let each = new SignalType(kind)
           where type is null || type == each
           from factor in Scales(kind, scale)
           from letters in each.Registers == 1 ? BytesOnly : Enum.GetValues<ByteOrder>()
           where order is null || order == letters
           select new OrderCandidate(each, letters, factor, offset ?? 0),
    ];

    public static IReadOnlyList<OrderCandidate> OfText(SignalType type, ByteOrder? order) =>
    [
        .. from letters in BytesOnly
           where order is null || order == letters
           select new OrderCandidate(type, letters),
    ];

    /// <summary>What the list would make of registers that begin where the signal does; None where it is no value.
    /// </summary>
    public SignalValue Decode(ReadOnlySpan<ushort> registers) => registers.Length < Type.Registers
        ? SignalValue.None
        : RegisterDecoding.FromRegisters(
            At(new ModbusAddress(ModbusTable.HoldingRegister, 0), 1), registers[..Type.Registers]).Value;

    public ModbusSignal At(ModbusAddress address, byte unitId) => new()
    {
        Signal = new Signal { Name = "shown", Source = "", Type = Type },
        UnitId = unitId,
        Address = address,
        Order = Order,
        Scale = Scale,
        Offset = Offset,
    };

    /// <summary>The order by the letters that a signal list takes; empty where there is nothing to swap.</summary>
    public string OrderText => Type.Registers == 1 && Order == ByteOrder.ABCD ? "" : Order.ToString();

    public override string ToString()
    {
        var scaled = Scale.Equals(1.0) ? "" : string.Create(CultureInfo.InvariantCulture, $" x {Scale}");
        var moved = Offset.Equals(0.0) ? "" : string.Create(CultureInfo.InvariantCulture, $" + {Offset}");
        return $"{Type}{(OrderText.Length == 0 ? "" : " " + OrderText)}{scaled}{moved}";
    }

    private static double[] Scales(SignalKind kind, double? scale) => (scale, kind) switch
    {
        ({ } given, _) => [given],
        (null, SignalKind.Float32 or SignalKind.Float64) => [1],
        _ => WholeScales,
    };
}
