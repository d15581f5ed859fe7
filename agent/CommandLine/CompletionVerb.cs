using System.CommandLine;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// sluice-agent completion: prints the function by which bash completes verbs and options. The package installs what it
/// prints; the words come from the program itself, so they are those of the version that is installed.
/// </summary>
internal sealed class CompletionVerb(TextWriter output, Command root)
{
    /// <summary>What an option says that it takes, where bash itself knows the answers.</summary>
    private static readonly string[] Files = ["FILE", "PATH", "CHIP", "DEVICE"];

    private static readonly string[] Folders = ["DIR"];

    public Command Command()
    {
        var verb = new Command("completion", "Print the completion for bash: source <(sluice-agent completion).");
        verb.SetAction(_ => output.Write(Bash() + "\n"));
        return verb;
    }

    private string Bash() => $$"""
        # bash completion for sluice-agent: source <(sluice-agent completion)
        _sluice_agent() {
            local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
            case "$previous" in
                {{OptionsThatTake(Files)}}) COMPREPLY=($(compgen -f -- "$current")); return ;;
                {{OptionsThatTake(Folders)}}) COMPREPLY=($(compgen -d -- "$current")); return ;;
            esac
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE")" -- "$current"))
        }
        complete -F _sluice_agent sluice-agent
        """;

    private string OptionsThatTake(string[] what) => string.Join('|', Below(root)
        .SelectMany(verb => verb.Options)
        .Where(option => option.HelpName is { } takes && what.Contains(takes))
        .SelectMany(option => option.Aliases.Prepend(option.Name))
        .Distinct().Order(StringComparer.Ordinal));

    private static IEnumerable<Command> Below(Command verb) => verb.Subcommands.SelectMany(Below).Prepend(verb);
}
