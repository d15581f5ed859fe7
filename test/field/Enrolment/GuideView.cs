using System.Text;
using System.Text.RegularExpressions;

namespace Sluice.Field.Enrolment;

/// <summary>
/// What stood on a screen, made fit for a guide: what differs from run to run is replaced by what the guide says
/// throughout. Pure.
/// </summary>
internal sealed partial class GuideView(IReadOnlyDictionary<string, string> masks)
{
    private readonly StringBuilder shown = new();

    /// <summary>A command as the guide writes it, and what the screen showed then.</summary>
    public GuideView With(string command, string screen)
    {
        shown.Append(command).Append('\n');
        foreach (var line in screen.Split('\n'))
        {
            var text = masks.Aggregate(Controls().Replace(line, ""), (masked, mask) => masked.Replace(
                mask.Key, mask.Value, StringComparison.Ordinal));
            if (text.Trim().Length > 0)
            {
                shown.Append(Plain(text.TrimEnd())).Append('\n');
            }
        }

        return this;
    }

    public override string ToString() => shown.ToString();

    /// <summary>The guide with this view between the marks of its name; null where it has no such marks.</summary>
    public string? Into(string guide, string name)
    {
        var begin = $"<!-- view: {name} -->\n```\n";
        var at = guide.IndexOf(begin, StringComparison.Ordinal);
        var end = at < 0 ? -1 : guide.IndexOf("```\n", at + begin.Length, StringComparison.Ordinal);
        return end < 0 ? null : $"{guide[..(at + begin.Length)]}{this}{guide[end..]}";
    }

    private static string Plain(string text)
    {
        var dated = Times().Replace(Dates().Replace(text, "2027-11-22"), "09:12Z");
        return Heads().Replace(Serials().Replace(dated, "4903…B307"), "17 9606…9276");
    }

    /// <summary>Of certificates.</summary>
    [GeneratedRegex("\\b[0-9A-F]{16,40}\\b")]
    private static partial Regex Serials();

    /// <summary>The number of a line of the audit log, and its hash.</summary>
    [GeneratedRegex("\\b[0-9]+ [0-9a-f]{64}\\b")]
    private static partial Regex Heads();

    /// <summary>What a program tells the terminal, and nobody sees.</summary>
    [GeneratedRegex("\\x1b(\\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Controls();

    [GeneratedRegex("[0-9]{2}:[0-9]{2}Z")]
    private static partial Regex Times();

    [GeneratedRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}")]
    private static partial Regex Dates();
}
