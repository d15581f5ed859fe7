using System.CommandLine;
using System.CommandLine.Help;

namespace Sluice.Release.Manual;

/// <summary>
/// A program's manual, one page for the program and one for each verb, from the definitions that it parses by: what a
/// verb takes cannot be described otherwise than it is.
/// </summary>
internal sealed class ManualPages(RootCommand root, string program, string version, DateTimeOffset date)
{
    /// <summary>Name of the file, and what stands in it.</summary>
    public IEnumerable<KeyValuePair<string, string>> All() =>
        Verbs(root).Select(verb => KeyValuePair.Create($"{program}-{verb.Name}.1", Page(verb)))
            .Prepend(KeyValuePair.Create($"{program}.1", Overview()));

    private static IEnumerable<Command> Verbs(Command of) => of.Subcommands.Where(verb => !verb.Hidden);

    private string Overview()
    {
        var page = Begin(program, root.Description ?? "");
        page.Section("Synopsis").Line($"{Roff.Bold(program)} {Roff.Italic("VERB")} [{Roff.Italic("OPTIONS")}]");
        page.Section("Description").Words(root.Description ?? "");
        page.Paragraph("Each verb has a page of its own, and says the same with --help.");
        page.Section("Verbs");
        foreach (var verb in Verbs(root))
        {
            page.Item($"{Roff.Bold($"{program}-{verb.Name}")}(1)", verb.Description ?? "");
        }

        page.Section("Options");
        Options(page, root);
        page.Section("Exit status")
            .Words("0 where it worked. Others are those of sysexits.h, and a sentence on the standard error says what "
                + "to do: 64 the command line was not understood, 65 the answer is not what was hoped for, 69 nobody "
                + "answers, 74 the storage cannot be used, 78 the configuration is wrong. 130: it was ended early.");
        page.Section("See also")
            .Line(string.Join(",\n", Verbs(root).Select(verb => $"{Roff.Bold($"{program}-{verb.Name}")}(1)")));
        return page.ToString();
    }

    private string Page(Command verb)
    {
        var name = $"{program}-{verb.Name}";
        var page = Begin(name, verb.Description ?? "");
        page.Section("Synopsis");
        var leaves = Leaves(verb, $"{program} {verb.Name}").ToList();
        foreach (var (line, leaf) in leaves)
        {
            page.Line(Synopsis(line, leaf)).Line(".br");
        }

        page.Section("Description").Words(verb.Description ?? "");
        if (leaves is [var only])
        {
            Describe(page, only.Verb, isWhole: true);
        }
        else
        {
            page.Section("Verbs");
            foreach (var (line, leaf) in leaves)
            {
                page.Part(line[(program.Length + 1)..]).Words(leaf.Description ?? "");
                Describe(page, leaf, isWhole: false);
            }
        }

        page.Section("See also").Line($"{Roff.Bold(program)}(1)");
        return page.ToString();
    }

    /// <summary>The verbs that do something: those under a verb, or itself.</summary>
    private static IEnumerable<(string Line, Command Verb)> Leaves(Command verb, string line) => Verbs(verb).Any()
        ? Verbs(verb).SelectMany(inner => Leaves(inner, $"{line} {inner.Name}"))
        : [(line, verb)];

    private static void Describe(Roff page, Command verb, bool isWhole)
    {
        var arguments = verb.Arguments.Where(argument => !argument.Hidden).ToList();
        if (isWhole && arguments.Count > 0)
        {
            page.Section("Arguments");
        }

        foreach (var argument in arguments)
        {
            page.Item(Roff.Italic(argument.Name), Meaning(argument.Description, DefaultOf(argument)));
        }

        if (isWhole && Shown(verb).Any())
        {
            page.Section("Options");
        }

        Options(page, verb);
    }

    private static void Options(Roff page, Command verb)
    {
        foreach (var option in Shown(verb))
        {
            var names = string.Join(", ", option.Aliases.Prepend(option.Name).Order(StringComparer.Ordinal)
                .OrderBy(name => name.Length).Select(Roff.Bold));
            page.Item(
                Takes(option) is { } value ? $"{names} {Roff.Italic(value)}" : names,
                Meaning(option.Description, DefaultOf(option)));
        }
    }

    private static IEnumerable<Option> Shown(Command verb) => verb.Options.Where(option => !option.Hidden);

    private static string Synopsis(string line, Command verb)
    {
        var parts = verb.Arguments.Where(argument => !argument.Hidden)
            .Select(argument => argument.Arity.MinimumNumberOfValues == 0
                ? $"[{Roff.Italic(argument.Name)}]"
                : Roff.Italic(argument.Name))
            .Concat(Shown(verb).Where(option => option.Required)
                .Select(option => $"{Roff.Bold(option.Name)} {Roff.Italic(Takes(option) ?? "")}"))
            .Concat(Shown(verb).Any(option => !option.Required) ? [$"[{Roff.Italic("OPTIONS")}]"] : []);
        return $"{Roff.Bold(line)} {string.Join(' ', parts)}".TrimEnd();
    }

    private static string? Takes(Option option) =>
        option is HelpOption or VersionOption || option.ValueType == typeof(bool)
        ? null
        : option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant();

    /// <summary>What counts where nothing is written; no word of a switch that is off.</summary>
    private static string? DefaultOf(Option option) =>
        option.HasDefaultValue && option.ValueType != typeof(bool) ? Text(option.GetDefaultValue()) : null;

    private static string? DefaultOf(Argument argument) =>
        argument.HasDefaultValue ? Text(argument.GetDefaultValue()) : null;

    private static string? Text(object? value) =>
        value is string or int or double or long ? Convert.ToString(value, null) : null;

    private static string Meaning(string? description, string? otherwise) =>
        string.IsNullOrEmpty(otherwise) ? description ?? "" : $"{description} Where it is not given: {otherwise}";

    private Roff Begin(string name, string description)
    {
        // What stands behind the name is read by apropos and has to be short: the first sentence, without what it
        // goes on to list and without the program's own name.
        var parts = description.Split(". ")[0].TrimEnd('.').Split(": ");
        var sentence = parts is ["Sluice", var rest, ..] ? rest : parts[0];
        return new Roff(name, date.ToString("yyyy-MM-dd"), $"Sluice {version}")
            .Section("Name").Line($"{Roff.Escaped(name)} \\- {Roff.Escaped(sentence)}");
    }
}
