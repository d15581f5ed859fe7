using System.Text;

namespace Sluice.Agent.Enrolment.Sticks;

/// <summary>What a stick may have done. A fixed list: nothing else on a stick is ever run.</summary>
internal enum StickJob
{
    Bundle,
    Rollback,
    Request,
    Diagnostics,
    Renew,
    Wipe,
    Console,
}

/// <param name="Job">What to do.</param>
/// <param name="AskedBy">Where on the stick that stands, or why it is done unasked.</param>
internal sealed record StickTask(StickJob Job, string AskedBy);

/// <summary>
/// Reads the jobs that a person ordered, <c>gw-042.jobs.txt</c>: one word in each line, made with any editor. A core.
/// One problem anywhere means that nothing of it is done: whoever wrote it meant something else. What cannot be undone
/// names the gateway once more, <c>wipe gw-042</c>, and stands alone: a file that was copied from another stick and
/// only renamed wipes nothing.
/// </summary>
internal static class StickOrders
{
    public const int BytesMax = 4096;

    private const int WordShownMax = 24;

    /// <summary>The words, in the order in which the jobs are done, whatever the order of the lines.</summary>
    private static readonly (string Word, StickJob Job)[] Words =
    [
        ("rollback", StickJob.Rollback), ("request", StickJob.Request), ("diagnostics", StickJob.Diagnostics),
        ("renew", StickJob.Renew), ("wipe", StickJob.Wipe),
    ];

    public static (IReadOnlyList<StickTask> Tasks, IReadOnlyList<string> Problems) Read(
        string gateway, string name, ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return ([], [$"{name} is no plain text: save it as text, in UTF-8"]);
        }

        var problems = new List<string>();
        var found = new Dictionary<StickJob, StickTask>();
        var lines = text.Split('\n');
        for (var at = 0; at < lines.Length; at++)
        {
            var words = lines[at].Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                continue;
            }

            var word = string.Join(' ', words);
            var known = Array.Find(Words, each => each.Word.Equals(words[0], StringComparison.OrdinalIgnoreCase));
            var where = $"{name}, line {at + 1}";
            if (known.Job == StickJob.Wipe && word != $"{words[0]} {gateway}")
            {
                problems.Add($"{where}: a wipe names the gateway once more: wipe {gateway}");
            }
            else if (known.Word is null || (known.Job != StickJob.Wipe && words.Length > 1))
            {
                problems.Add($"{where}: '{Shown(word)}' is no job; there are "
                    + string.Join(", ", Words.Select(each => each.Word)));
            }
            else if (!found.TryAdd(known.Job, new StickTask(known.Job, where)))
            {
                problems.Add($"{where}: '{known.Word}' stands there twice");
            }
        }

        if (found.ContainsKey(StickJob.Wipe) && found.Count > 1)
        {
            problems.Add($"{name}: a wipe stands alone");
        }

        var ordered = Words.Where(each => found.ContainsKey(each.Job)).Select(each => found[each.Job]);
        return (problems.Count > 0 ? [] : [.. ordered], problems);
    }

    /// <summary>What somebody else wrote, fit for a report: plain letters, and not many.</summary>
    public static string Shown(string foreign)
    {
        var plain = string.Concat(foreign.Take(WordShownMax).Select(each => each is >= ' ' and <= '~' ? each : '?'));
        return foreign.Length > WordShownMax ? plain + "..." : plain;
    }
}
