using System.Text;
using CsCheck;
using Sluice.Agent.Configuration;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Configuration;

/// <summary>
/// Whatever happens to a file, it is answered with problems or a configuration, never with an exception.
/// </summary>
public sealed class MutationTests
{
    private static readonly byte[] Gateway = File.ReadAllBytes(Repository.File("docs/examples/gateway.json"));
    private static readonly byte[] List = File.ReadAllBytes(Repository.File("docs/examples/hmi1.csv"));

    private static readonly byte[] Buses = File.ReadAllBytes(
        Repository.File("test/fast/Configuration/cases/rtu-buses-and-guards-all-right/gateway.json"));

    private static readonly byte[] GuardedList = Encoding.UTF8.GetBytes(
        "signal,address,type\nheartbeat,holding:0,uint16\nlayout/version,holding:1,uint16\nrunning,coil:3,bool\n");

    private static readonly string[] Pieces =
    [
        "\"", "{", "}", "[", "]", ",", ":", "null", "true", "-1", "1e999", "\"\\ud800\"", "\"every\": \"1 "
            + "s\",", "//", "/*",
        "0", "99999999999999999999999", "\"\"", ";", "\n", "\r", "\t", "\0", "\uFEFF", "ö", "..", "\\", "#", "'",
    ];

    private static readonly Gen<(int At, int Take, string Put)> Change =
        Gen.Select(Gen.Int[0, 1 << 16], Gen.Int[0, 12], Gen.Int[0, Pieces.Length - 1].Select(at => Pieces[at]));

    [Fact]
    public void Every_truncation_of_a_good_file_is_told()
    {
        // The last two characters are the closing brace and the line's end.
        for (var length = 0; length < Gateway.Length - 2; length += 17)
        {
            var loaded = MemoryFolder.Load(Gateway[..length], List);
            Assert.Null(loaded.Configuration);
            Assert.Contains(loaded.Problems, problem => problem.IsError && problem.File == "gateway.json");
        }
    }

    [Fact]
    public void Any_change_to_gateway_json_is_answered() => Change.Array[1, 4].Sample(
        changes => AssertAnswered(MemoryFolder.Load(Changed(Gateway, changes), List)), iter: 400);

    [Fact]
    public void Any_change_to_a_signal_list_is_answered() => Change.Array[1, 4].Sample(
        changes => AssertAnswered(MemoryFolder.Load(Gateway, Changed(List, changes))), iter: 400);

    [Fact]
    public void Any_change_to_guards_and_buses_is_answered() => Change.Array[1, 4].Sample(
        changes => AssertAnswered(MemoryFolder.Load(Changed(Buses, changes), GuardedList)), iter: 400);

    [Fact]
    public void Any_bytes_at_all_are_answered() => Gen.Select(Gen.Byte.Array[0, 200], Gen.Byte.Array[0, 200]).Sample(
        (gateway, list) =>
        {
            AssertAnswered(MemoryFolder.Load(gateway, list));
            AssertAnswered(MemoryFolder.Load(Gateway, list));
        },
        iter: 200);

    [Fact]
    public void A_key_of_another_shape_is_told_wherever_it_stands()
    {
        // Every value of the example, one after the other, is replaced by each of these.
        string[] shapes = ["null", "7", "-0.5", "true", "\"\"", "\"\u0007\"", "[]", "{}", "[[]]", "[null]"];
        AssertShapesAnswered(Encoding.UTF8.GetString(Gateway), Encoding.UTF8.GetBytes(MemoryFolder.List), shapes);
        AssertShapesAnswered(Encoding.UTF8.GetString(Buses), GuardedList, shapes);
    }

    private static void AssertShapesAnswered(string text, byte[] list, string[] shapes)
    {
        foreach (var colon in Enumerable.Range(1, text.Length - 1).Where(at => text[at] == ':' && text[at - 1] == '"'))
        {
            var rest = text[(colon + 1)..].TrimStart();
            if (rest[0] is '{' or '[')
            {
                continue;
            }

            var end = rest[0] == '"' ? rest.IndexOf('"', 1) + 1 : rest.IndexOfAny([',', ' ', '\n', '}']);
            foreach (var shape in shapes)
            {
                AssertAnswered(
                    MemoryFolder.Load(Encoding.UTF8.GetBytes($"{text[..colon]}: {shape}{rest[end..]}"), list));
            }
        }
    }

    private static void AssertAnswered(LoadResult loaded)
    {
        foreach (var source in loaded.Configuration?.Sources.OfType<ModbusSettings>() ?? [])
        {
            // What is accepted can be opened: the source's own constructor throws for nothing that came through.
            var opened = new GuardedSource(Open(source), source.Guards, TimeProvider.System);
            Assert.Equal(source.Signals.Count, opened.Signals.Count);
            Assert.InRange(source.RequestsPerCycle(), 1, source.Signals.Count);
        }

        Assert.Equal(loaded.Configuration is null, loaded.Problems.Any(problem => problem.IsError));
        Assert.All(loaded.Problems, problem =>
        {
            Assert.NotEmpty(problem.Sentence);
            Assert.DoesNotContain(problem.ToString(), letter => char.IsControl(letter));
        });
    }

    private static ModbusSource Open(ModbusSettings source) => source switch
    {
        ModbusRtuSettings rtu => ModbusSource.OverRtu(
            rtu.Name, rtu.Addresses, rtu.Port, rtu.Converter, rtu.Options, TimeProvider.System),
        _ => new ModbusSource(
            source.Name, source.Addresses, ((ModbusTcpSettings)source).Options, TimeProvider.System),
    };

    private static byte[] Changed(byte[] bytes, (int At, int Take, string Put)[] changes)
    {
        foreach (var (at, take, put) in changes)
        {
            var from = at % (bytes.Length + 1);
            bytes = [.. bytes[..from], .. Encoding.UTF8.GetBytes(put), .. bytes[Math.Min(bytes.Length, from + take)..]];
        }

        return bytes;
    }
}
