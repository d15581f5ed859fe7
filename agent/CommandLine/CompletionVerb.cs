using System.CommandLine;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// sluice-agent completion: prints the function by which bash completes verbs and options. The package installs what it
/// prints; the words come from the program itself, so they are those of the version that is installed.
/// </summary>
internal sealed class CompletionVerb(TextWriter output)
{
    /// <summary>Files are completed by bash itself, after an option that takes one.</summary>
    private const string Bash = """
        # bash completion for sluice-agent: source <(sluice-agent completion)
        _sluice_agent() {
            local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
            case "$previous" in
                -c|--config|--socket|--out|--port|--chip) COMPREPLY=($(compgen -f -- "$current")); return ;;
                --state|--sys) COMPREPLY=($(compgen -d -- "$current")); return ;;
            esac
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE")" -- "$current"))
        }
        complete -F _sluice_agent sluice-agent
        """;

    public Command Command()
    {
        var verb = new Command("completion", "Print the completion for bash: source <(sluice-agent completion).");
        verb.SetAction(_ => output.Write(Bash + "\n"));
        return verb;
    }
}
