namespace Sluice.Plant.Demo;

/// <summary>Puts the table into a guide, between its two marks, or makes a text file of it. Pure.</summary>
public static class DemoPicture
{
    private const string Begin = "<!-- live table -->\n";
    private const string End = "<!-- end of live table -->";

    public static string Into(string text, IEnumerable<string> table)
    {
        var picture = string.Concat(table.Select(line => line.TrimEnd() + "\n"));
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        var end = text.IndexOf(End, StringComparison.Ordinal);
        return begin < 0 || end < begin
            ? picture
            : $"{text[..(begin + Begin.Length)]}```\n{picture}```\n{text[end..]}";
    }
}
