using System.Text;

namespace Sluice.Release.Manual;

/// <summary>
/// Text for man(7). What comes from the program is text and never an order to the typesetter: a dot or an apostrophe
/// that begins a line, a backslash, and a hyphen that somebody wants to copy into a shell.
/// </summary>
internal sealed class Roff
{
    private readonly StringBuilder text = new();

    public Roff(string title, string date, string source) => text
        .Append(".\\\" Made from the program's own definitions by `make dist`; do not edit.\n")
        .Append(".TH ").Append(Quoted(title.ToUpperInvariant())).Append(" 1 ").Append(Quoted(date)).Append(' ')
        .Append(Quoted(source)).Append(" \"User Commands\"\n.nh\n.ad l\n");

    public Roff Section(string name) => Order("SH", name.ToUpperInvariant());

    public Roff Part(string name) => Order("SS", name);

    public Roff Paragraph(string words) => Order("PP").Words(words);

    /// <summary>A term, and under it what it means.</summary>
    public Roff Item(string term, string meaning)
    {
        text.Append(".TP\n").Append(term).Append('\n');
        return Words(meaning);
    }

    public Roff Words(string words)
    {
        foreach (var line in words.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            text.Append(Escaped(line)).Append('\n');
        }

        return this;
    }

    /// <summary>A line that is roff already.</summary>
    public Roff Line(string roff)
    {
        text.Append(roff).Append('\n');
        return this;
    }

    public static string Bold(string words) => $"\\fB{Inner(words)}\\fR";

    public static string Italic(string words) => $"\\fI{Inner(words)}\\fR";

    /// <summary>What begins a line must not look like an order.</summary>
    public static string Escaped(string words)
    {
        var inner = Inner(words);
        return inner.Length > 0 && inner[0] is '.' or '\'' ? "\\&" + inner : inner;
    }

    public override string ToString() => text.ToString();

    private Roff Order(string name, string? argument = null)
    {
        text.Append('.').Append(name).Append(argument is null ? "" : " " + Quoted(argument)).Append('\n');
        return this;
    }

    private static string Quoted(string words) => $"\"{Inner(words).Replace("\"", "\\(dq")}\"";

    private static string Inner(string words) => words.Replace("\\", "\\e").Replace("-", "\\-");
}
