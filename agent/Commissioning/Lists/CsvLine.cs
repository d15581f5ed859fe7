namespace Sluice.Agent.Commissioning.Lists;

/// <summary>
/// One line of a signal list as raw text, so that what is not changed stays byte for byte. A core; the line is one that
/// the configuration's reader took.
/// </summary>
internal sealed class CsvLine
{
    private readonly List<string> cells = [];

    public CsvLine(string text)
    {
        var start = 0;
        var quoted = false;
        for (var at = 0; at < text.Length; at++)
        {
            quoted ^= text[at] == '"';
            if (text[at] == ',' && !quoted)
            {
                cells.Add(text[start..at]);
                start = at + 1;
            }
        }

        cells.Add(text[start..]);
    }

    public int Count => cells.Count;

    /// <summary>What a cell says, without quotes and outer blanks; empty where the line is shorter.</summary>
    public string this[int place]
    {
        get
        {
            var raw = place < cells.Count ? cells[place].Trim() : "";
            return raw is ['"', .., '"']
                ? raw[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal).Trim()
                : raw;
        }
    }

    /// <summary>Puts a text into a cell; a cell that says so already stays as it was written.</summary>
    public void Put(int place, string text)
    {
        while (cells.Count <= place && text.Length > 0)
        {
            cells.Add("");
        }

        if (this[place] != text)
        {
            cells[place] = Quoted(text);
        }
    }

    public static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"#") < 0 && text.Trim() == text
            ? text
            : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public override string ToString() => string.Join(',', cells);
}
