using System.CommandLine;
using Sluice.Agent.CommandLine;
using Sluice.Release.Manual;
using Xunit;

namespace Sluice.Fast.Packaging;

/// <summary>The manual says what the program parses by: each verb, argument and option, and nothing else.</summary>
public sealed class ManualTests
{
    private static readonly DateTimeOffset Date = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    private static readonly RootCommand Root =
        new AgentCommandLine { Run = (_, _, _) => Task.FromResult(0) }.Root();

    private static readonly Dictionary<string, string> Pages =
        new(new ManualPages(Root, "sluice-agent", "1.2.3", Date).All());

    [Fact]
    public void Each_verb_has_a_page_and_stands_on_the_programs_own()
    {
        Assert.Equal(
            Root.Subcommands.Select(verb => $"sluice-agent-{verb.Name}.1").Prepend("sluice-agent.1").Order(),
            Pages.Keys.Order());
        Assert.All(Root.Subcommands, verb => Assert.Contains(
            $".TP\n\\fBsluice\\-agent\\-{Hyphens(verb.Name)}\\fR(1)\n", Pages["sluice-agent.1"]));
        Assert.All(Pages.Values, page => Assert.Contains(" 1 \"2026\\-11\\-22\" \"Sluice 1.2.3\" ", page));
    }

    [Fact]
    public void Each_option_of_each_verb_stands_on_its_page_with_what_it_takes()
    {
        foreach (var verb in Root.Subcommands)
        {
            var page = Pages[$"sluice-agent-{verb.Name}.1"];
            Assert.All(Below(verb).SelectMany(each => each.Options).Where(option => !option.Hidden), option =>
            {
                Assert.Contains($"\\fB{Hyphens(option.Name)}\\fR", page);
                Assert.True(
                    option.HelpName is null || page.Contains($"\\fI{Hyphens(option.HelpName)}\\fR"), option.Name);
            });
            Assert.All(Below(verb).SelectMany(each => each.Arguments),
                argument => Assert.Contains($".TP\n\\fI{Hyphens(argument.Name)}\\fR\n", page));
        }
    }

    [Fact]
    public void What_counts_where_nothing_is_written_is_said() => Assert.Contains(
        "The configuration file. Where it is not given: /etc/sluice/gateway.json\n", Pages["sluice-agent-check.1"]);

    [Theory]
    [InlineData(".so /etc/passwd", "\\&.so /etc/passwd\n")]
    [InlineData("'begins with an apostrophe", "\\&'begins with an apostrophe\n")]
    [InlineData("back\\slash and --option", "back\\eslash and \\-\\-option\n")]
    [InlineData("two\n.lines", "two\n\\&.lines\n")]
    public void Words_of_the_program_are_no_orders_to_the_typesetter(string words, string roff)
    {
        var page = new Roff("a", "2026-11-22", "b");
        var begins = page.ToString().Length;
        Assert.Equal(roff, page.Words(words).ToString()[begins..]);
    }

    private static string Hyphens(string words) => words.Replace("-", "\\-");

    private static IEnumerable<Command> Below(Command verb) =>
        verb.Subcommands.Where(inner => !inner.Hidden).SelectMany(Below).Prepend(verb);
}
