using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Fast.Hal.Faults;

/// <summary>A line of a case: its first word, the rest, and where it stands.</summary>
internal sealed record FaultStep(string Word, string[] Arguments, int Line);

/// <summary>A signal of a case, and the value that the device holds for it.</summary>
internal sealed record FaultSignal(string Name, string Address, string Type, long Value, byte Unit);

/// <summary>
/// One named fault, written down in a text file beside the tests (Faults/README.md says how), so that a fault from the
/// field becomes a case without a line of C#.
/// </summary>
internal sealed class FaultCase
{
    public required string Name { get; init; }

    public List<FaultSignal> Signals { get; } = [];

    public Dictionary<string, string> Options { get; } = [];

    public List<FaultStep> Steps { get; } = [];

    public static string Directory => Path.Combine(AppContext.BaseDirectory, "Hal", "Faults");

    public static IEnumerable<string> Names(string file) =>
        from folder in System.IO.Directory.EnumerateDirectories(Directory)
        where File.Exists(Path.Combine(folder, file))
        orderby folder
        select Path.GetFileName(folder);

    public int Option(string name, int otherwise) =>
        Options.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Loads the first of the files that the case has.</summary>
    public static FaultCase Load(string name, params string[] files)
    {
        var loaded = new FaultCase { Name = name };
        var file = files.First(each => File.Exists(Path.Combine(Directory, name, each)));
        var lines = File.ReadAllLines(Path.Combine(Directory, name, file));
        for (var index = 0; index < lines.Length; index++)
        {
            var words = lines[index].Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 0)
            {
                loaded.Take(words, index + 1);
            }
        }

        return loaded;
    }

    private void Take(string[] words, int line)
    {
        switch (words[0])
        {
            case "signal":
                // signal NAME ADDRESS TYPE = VALUE [unit N]
                Signals.Add(new FaultSignal(
                    words[1], words[2], words[3], long.Parse(words[5], CultureInfo.InvariantCulture),
                    words.Length > 7 ? byte.Parse(words[7], CultureInfo.InvariantCulture) : (byte)1));
                break;
            case "option":
                Options[words[1]] = words[2];
                break;
            default:
                Steps.Add(new FaultStep(words[0], words[1..], line));
                break;
        }
    }
}

/// <summary>Turns the words of a <c>send</c> into bytes.</summary>
internal static partial class FaultBytes
{
    /// <param name="words">Hex, <c>T</c>, <c>T1</c>, <c>T+1</c>, <c>right</c>, <c>right2[..5]</c>, <c>CRC</c>.</param>
    /// <param name="transactions">Transaction ids of all requests so far, the current one last.</param>
    /// <param name="rights">The right answers to them, in the same order.</param>
    /// <param name="checksum">What <c>CRC</c> appends for the bytes before it.</param>
    public static byte[] Of(
        string[] words, IReadOnlyList<ushort> transactions, IReadOnlyList<byte[]> rights,
        Func<byte[], byte[]>? checksum = null)
    {
        var bytes = new List<byte>();
        var frameFrom = 0;
        foreach (var word in words)
        {
            if (word == "CRC")
            {
                bytes.AddRange(checksum!([.. bytes.Skip(frameFrom)]));
                frameFrom = bytes.Count;
            }
            else if (Transaction().Match(word) is { Success: true } transaction)
            {
                var id = Id(transaction, transactions);
                bytes.AddRange([(byte)(id >> 8), (byte)id]);
            }
            else if (Right().Match(word) is { Success: true } slice)
            {
                var right = rights[Number(slice.Groups["which"].Value, rights.Count) - 1];
                var from = Number(slice.Groups["from"].Value, 0);
                var to = Number(slice.Groups["to"].Value, right.Length);
                bytes.AddRange(right[from..to]);
            }
            else
            {
                bytes.AddRange(Convert.FromHexString(word));
            }
        }

        return [.. bytes];
    }

    private static ushort Id(Match transaction, IReadOnlyList<ushort> transactions)
    {
        var which = transaction.Groups["which"].Value;
        var shift = transaction.Groups["shift"].Value;
        var id = which.Length > 0
            ? transactions[int.Parse(which, CultureInfo.InvariantCulture) - 1]
            : transactions[^1];
        return (ushort)(id + (shift.Length > 0 ? int.Parse(shift, CultureInfo.InvariantCulture) : 0));
    }

    private static int Number(string text, int otherwise) =>
        text.Length == 0 ? otherwise : int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^T(?<which>\d+)?(?<shift>[+-]\d+)?$")]
    private static partial Regex Transaction();

    [GeneratedRegex(@"^right(?<which>\d+)?(\[(?<from>\d*)\.\.(?<to>\d*)\])?$")]
    private static partial Regex Right();
}
