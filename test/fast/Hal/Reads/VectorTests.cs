using System.Globalization;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Reads;

/// <summary>
/// Every type in every order against registers that pymodbus and Python's struct wrote (Vectors/make_vectors.py).
/// </summary>
public sealed class VectorTests
{
    public static TheoryData<string> Vectors =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Hal", "Vectors", "types-and-orders.txt"))
            .Where(line => !line.StartsWith('#')),
    ];

    [Theory]
    [MemberData(nameof(Vectors))]
    public void What_others_write_is_what_we_read(string vector)
    {
        var (type, order, registers, value) = Parse(vector);
        var signal = Signals.Modbus("x", "holding:0", type, order);
        var decoded = RegisterDecoding.FromRegisters(signal, registers);
        Assert.Equal(Quality.Good, decoded.Quality);
        switch (signal.Signal.Type.Kind)
        {
            case SignalKind.Float32:
                Assert.Equal(float.Parse(value, CultureInfo.InvariantCulture), decoded.Value.AsSingle);
                break;
            case SignalKind.Float64:
                Assert.Equal(double.Parse(value, CultureInfo.InvariantCulture), decoded.Value.AsDouble);
                break;
            default:
                Assert.Equal(value, decoded.Value.ToString());
                break;
        }
    }

    [Fact]
    public void No_type_and_no_order_is_without_a_vector_from_outside()
    {
        var held = Vectors.Select(each => Parse(each.Data)).Select(each => (Kind(each.Type), each.Order)).ToHashSet();
        var wanted =
            from kind in Enum.GetValues<SignalKind>()
            where kind != SignalKind.Count // of GPIO; no registers hold it
            from order in Enum.GetValues<ByteOrder>()
            select (kind, order);
        Assert.Superset(wanted.ToHashSet(), held);
    }

    private static SignalKind Kind(string type) =>
        SignalType.TryParse(type, out var parsed) ? parsed.Kind : throw new ArgumentException(type);

    private static (string Type, ByteOrder Order, ushort[] Registers, string Value) Parse(string line)
    {
        var words = line.Split(' ', 4);
        var bytes = Convert.FromHexString(words[2]);
        var registers = new ushort[bytes.Length / 2];
        for (var index = 0; index < registers.Length; index++)
        {
            registers[index] = (ushort)((bytes[index * 2] << 8) | bytes[(index * 2) + 1]);
        }

        return (words[0], Enum.Parse<ByteOrder>(words[1]), registers, words[3]);
    }
}
