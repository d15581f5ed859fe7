using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Fast.Repository;

/// <summary>
/// Event ids are what a plant's log search holds on to: unique, in the range of their folder, one Log.cs per folder.
/// </summary>
internal static partial class LogRules
{
    private static readonly Dictionary<string, (int First, int Last)> Ranges = new()
    {
        ["agent"] = (1, 49),
        ["agent/Watchdog"] = (50, 99),
        ["agent/Sampling"] = (1000, 1999),
        ["agent/Buffering"] = (2000, 2999),
        ["agent/Publishing"] = (3000, 3999),
        ["agent/Uplink"] = (4000, 4999),
        ["agent/Configuration"] = (5000, 5999),
        ["agent/Egress/Proof"] = (6000, 6999),
        ["agent/Health"] = (7000, 7999),
        ["agent/Renewal"] = (8000, 8499),
        ["agent/Trust"] = (8500, 8599),
        ["agent/Auditing"] = (8600, 8699),
        ["agent/Binding"] = (8700, 8799),
        ["agent/Standing"] = (8800, 8899),
        ["agent/Time"] = (8900, 8999),
        ["agent/Asking"] = (9000, 9999),
    };

    public static IEnumerable<string> Check(RepositoryTree tree)
    {
        var seen = new Dictionary<int, string>();
        foreach (var file in tree.Files.Where(file => file.Ships && file.IsCSharp))
        {
            foreach (Match message in Message().Matches(file.Text))
            {
                var where = $"{file.Path}:{file.Text.AsSpan(0, message.Index).Count('\n') + 1}";
                if (file.Name != "Log.cs")
                {
                    yield return $"{where}: log messages of a folder stand in its Log.cs";
                }

                var id = EventId().Match(message.Value) is { Success: true } match
                    ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
                    : 0;
                if (!Ranges.TryGetValue(file.Folder, out var range))
                {
                    yield return $"{where}: the folder has no range of event ids; give it one in LogRules";
                }
                else if (id < range.First || id > range.Last)
                {
                    yield return $"{where}: event id {id} is not in {range.First} to {range.Last}";
                }

                if (!seen.TryAdd(id, where))
                {
                    yield return $"{where}: event id {id} is already that of {seen[id]}";
                }
            }
        }
    }

    [GeneratedRegex(@"\[LoggerMessage\((?:[^""\]]|""(?:[^""\\]|\\.)*"")*\)\]")]
    private static partial Regex Message();

    [GeneratedRegex(@"(?:EventId\s*=\s*|LoggerMessage\(\s*(?:eventId:\s*)?)(\d+)")]
    private static partial Regex EventId();
}
