using System.Text;
using System.Text.Json;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Hal;

namespace Sluice.Agent.Describing;

/// <summary>What a file gave back.</summary>
/// <param name="Present">The signal list of the run that wrote it.</param>
/// <param name="Retired">What had been retired by then.</param>
/// <param name="Problem">What is wrong with what was kept, a sentence; empty where all is well.</param>
/// <param name="IsWhole">Both copies are there and say the same.</param>
internal sealed record KeptHistory(
    IReadOnlyList<DescribedSignal> Present, IReadOnlyList<RetiredSignal> Retired, string Problem, bool IsWhole);

/// <summary>
/// The descriptions in two <see cref="KeptText"/> of the same content, written one after the other: a copy that a worn
/// flash changed costs nothing. One line for each signal:
/// <code>
/// sluice signals 1
/// now {"s":"hmi1/oil/temperature","source":"hmi1","type":"float32","unit":"degC"}
/// was {"s":"hmi1/oil/pressure","source":"hmi1","type":"uint16","until":[{"store":"0199c6...","before":120001}]}
/// check 9a0b33f1
/// </code>
/// A "was" without "until" was retired while the disk with its readings was away.
/// </summary>
internal sealed class SignalHistoryFile(string directory, int bytesMax)
{
    private const string Now = "now ";
    private const string Was = "was ";

    private readonly string[] paths =
        [Path.Combine(directory, "described.txt"), Path.Combine(directory, "described-copy.txt")];

    /// <summary>The newest copy that is whole.</summary>
    public KeptHistory Load()
    {
        var problems = new List<string>();
        KeptHistory? found = null;
        string[] first = [];
        var isWhole = true;
        foreach (var path in paths)
        {
            var (lines, refused) = Text(path).Load();
            var history = refused.Length == 0 ? Parse(lines) : null;
            if (history is null)
            {
                problems.Add($"{path} is not used: the file "
                    + (refused.Length > 0 ? refused : "has a line that is no signal") + ".");
            }

            isWhole &= history is not null && (found is null || lines.SequenceEqual(first));
            if (history is not null && lines.Count > 0 && found is null)
            {
                (found, first) = (history, [.. lines]);
            }
        }

        found ??= new KeptHistory([], [], "", false);
        return found with { IsWhole = isWhole && first.Length > 0, Problem = Sentence(problems, first.Length > 0) };
    }

    /// <summary>
    /// Keeps both lists, without the oldest retired ones where they do not fit. False where they cannot be kept.
    /// </summary>
    public bool Save(IReadOnlyList<DescribedSignal> present, IReadOnlyList<RetiredSignal> retired)
    {
        string[] lines =
        [
            .. present.Select(each => Now + Line(each, null)),
            .. retired.Select(each => Was + Line(each.Was, each.Until)),
        ];
        return paths.All(path => Text(path).Save(lines));
    }

    /// <summary>How many of the retired ones fit into a file beside the present ones, the newest of them.</summary>
    public int Fit(IReadOnlyList<DescribedSignal> present, IReadOnlyList<RetiredSignal> retired)
    {
        var room = bytesMax - LineBytes - present.Sum(each => Bytes(each, null));
        return retired.Reverse().TakeWhile(each => (room -= Bytes(each.Was, each.Until)) >= 0).Count();
    }

    /// <summary>Header and check.</summary>
    private const int LineBytes = 64;

    private static int Bytes(DescribedSignal described, IReadOnlyList<StoreEnd>? until) =>
        Encoding.UTF8.GetByteCount(Line(described, until)) + Now.Length + 1;

    private static string Sentence(List<string> problems, bool hasCopy) => problems.Count == 0
        ? ""
        : string.Join(' ', problems) + (hasCopy
            ? " Its copy is."
            : " What the readings of removed signals meant is not known any more; the readings are all there.");

    private KeptText Text(string path) => new(path, "sluice signals 1", bytesMax);

    private static string Line(DescribedSignal described, IReadOnlyList<StoreEnd>? until)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, ContractJson.Options))
        {
            json.WriteStartObject();
            DescriptionText.Write(json, described, reduced: false);
            if (until is not null)
            {
                DescriptionText.WriteUntil(json, until);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    private static KeptHistory? Parse(IReadOnlyList<string> lines)
    {
        var (present, retired) = (new List<DescribedSignal>(), new List<RetiredSignal>());
        try
        {
            foreach (var line in lines)
            {
                using var json = JsonDocument.Parse(line.AsMemory(Math.Min(Now.Length, line.Length)));
                if (!DescriptionText.TryRead(json.RootElement, out var described))
                {
                    return null;
                }

                if (line.StartsWith(Now, StringComparison.Ordinal))
                {
                    present.Add(described);
                }
                else if (line.StartsWith(Was, StringComparison.Ordinal)
                    && DescriptionText.TryReadUntil(json.RootElement, out var until))
                {
                    retired.Add(new RetiredSignal(described, until));
                }
                else
                {
                    return null;
                }
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return new KeptHistory(present, retired, "", true);
    }
}
