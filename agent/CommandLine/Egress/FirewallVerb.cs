using System.CommandLine;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Firewall;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Egress;

/// <summary>
/// sluice-agent firewall: the host's rules, made from the configuration that the agent runs, so that the two cannot say
/// different things. Loaded before the agent starts, by root; the agent itself never touches them.
/// </summary>
internal sealed class FirewallVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    private const string Render = "render";
    private const string Unit = "unit";
    private const int FlowsToldMax = 40;

    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> state = VerbOptions.State();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    private readonly Option<string> user = new("--user")
    {
        Description = "The user that the agent runs as, by name or number.",
        HelpName = "USER",
        DefaultValueFactory = _ => "sluice",
    };

    private readonly Option<string> timeUser = new("--time-user")
    {
        Description = "The user of the host's time service, by name or number.",
        HelpName = "USER",
        DefaultValueFactory = _ => "systemd-timesync",
    };

    /// <summary>Where the users of this machine stand, and what loads the rules.</summary>
    public string Passwd { get; init; } = HostUsers.File;

    public Nft Nft { get; init; } = new();

    public Command Command()
    {
        var verb = new Command("firewall", "The host's rules for what may leave it, made from the configuration. Ends "
            + "with 0 where it worked, 65 where the kernel enforces something else, 69 where something is not there, "
            + "78 where the configuration is refused.");
        Add(verb, Render, "Print the rules, as nft -f takes them. Changes nothing.",
            (rules, _, _) => Task.FromResult(Rendered(rules)));
        Add(verb, Unit, "Print the drop-in of the agent's service unit that lets it reach the addresses of the "
            + "configuration and no other. Changes nothing.", (_, flows, _) => Task.FromResult(DropIn(flows)));
        Add(verb, "apply", "Load the rules, all of them or none. Without a usable configuration the agent may reach "
            + "nothing.", ApplyAsync);
        Add(verb, "check", "Say what the kernel enforces otherwise than the configuration says.",
            (rules, flows, stop) => CheckAsync("check", rules, flows, stop));
        verb.Add(new HostProofVerb(output, error, clock).Command());
        return verb;
    }

    private void Add(
        Command into, string name, string description,
        Func<FirewallRules, IReadOnlyList<StatedFlow>, CancellationToken, Task<VerbReport>> act)
    {
        var command = new Command(name, description) { config, state, user, timeUser };
        var isForProgram = name is Render or Unit;
        if (!isForProgram)
        {
            // What it prints otherwise is for nft or for systemd, and for nobody else.
            command.Add(json);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await ReportAsync(parsed, name, act, cancellationToken).ConfigureAwait(false);
            return report.Print(output, error, !isForProgram && parsed.GetValue(json));
        });
        into.Add(command);
    }

    private async Task<VerbReport> ReportAsync(
        ParseResult parsed, string verb,
        Func<FirewallRules, IReadOnlyList<StatedFlow>, CancellationToken, Task<VerbReport>> act,
        CancellationToken cancellationToken)
    {
        var (agent, missing) = UserOf(parsed.GetValue(user)!);
        var (time, alsoMissing) = UserOf(parsed.GetValue(timeUser)!);
        var file = parsed.GetValue(config)!;
        var (configuration, refusal) = RunningConfiguration.Of(file, parsed.GetValue(state)!);
        if (agent is null)
        {
            return VerbReport.Failed(verb, ExitCode.Unavailable, missing, "No rule can name it, and none was changed.",
                "install the package, which makes the user, or name another one with --user.");
        }

        if (time is null && configuration?.TimeServers.Count > 0)
        {
            return VerbReport.Failed(verb, ExitCode.Unavailable, alsoMissing,
                "time.servers are declared and nobody could ask them; no rule was changed.",
                "install systemd-timesyncd, or name the user of the host's time service with --time-user.");
        }

        if (configuration is null && verb != "apply")
        {
            return Refused(verb, refusal, "There is nothing to make rules from.");
        }

        var flows = configuration is null ? [] : StatedFlow.Of(configuration);
        var rules = new FirewallRules(flows, new FlowUsers(agent.Value, time ?? agent.Value));
        var report = await act(rules, flows, cancellationToken).ConfigureAwait(false);
        return refusal.Length == 0 || !report.Worked ? report
            : configuration is null ? Refused(verb, refusal, "The rules are loaded, and let the agent reach nothing.")
            : report with { Notes = [refusal, .. report.Notes ?? []] };
    }

    private static VerbReport Rendered(FirewallRules rules) => new()
    {
        Verb = Render, ExitCode = ExitCode.Fine, Sentence = "# Nothing else may leave.", Shown = rules.Text(),
    };

    private static VerbReport DropIn(IReadOnlyList<StatedFlow> flows) => new()
    {
        Verb = Unit,
        ExitCode = ExitCode.Fine,
        Sentence = "# Which ports, the host's rules say: sluice-agent firewall apply.",
        Shown = "[Service]\nIPAddressDeny=any\n" + string.Concat(flows
            .Where(flow => flow.Owner == FlowOwner.Agent)
            .Select(flow => flow.Address).Distinct()
            .Select(address => $"IPAddressAllow={address}\n")),
    };

    private static VerbReport Refused(string verb, string refusal, string means) => VerbReport.Failed(
        verb, ExitCode.Configuration, refusal, means, "see all that is wrong with it: sluice-agent check.");

    private async Task<VerbReport> ApplyAsync(
        FirewallRules rules, IReadOnlyList<StatedFlow> flows, CancellationToken cancellationToken)
    {
        var problem = await Nft.LoadAsync(rules.Text(), cancellationToken).ConfigureAwait(false);
        return problem is null
            ? await CheckAsync("apply", rules, flows, cancellationToken).ConfigureAwait(false)
            : VerbReport.Failed("apply", ExitCode.Unavailable, $"The rules were not loaded: {problem}",
                "What was enforced before still is; where nothing was, the host is open.",
                "run it as root, on a kernel with nf_tables; the agent should not be started before.");
    }

    private async Task<VerbReport> CheckAsync(
        string verb, FirewallRules rules, IReadOnlyList<StatedFlow> flows, CancellationToken cancellationToken)
    {
        var (listing, problem) = await Nft.ListAsync(cancellationToken).ConfigureAwait(false);
        if (listing is null)
        {
            return VerbReport.Failed(verb, ExitCode.Unavailable, $"The kernel's rules cannot be listed: {problem}",
                "Most likely none are loaded, and the host is open.", "run it as root: sluice-agent firewall apply.");
        }

        var differences = KernelRules.Differences(rules, listing);
        return differences.Count == 0
            ? new VerbReport
            {
                Verb = verb, ExitCode = ExitCode.Fine, Sentence = Allowed(flows),
                Notes = [.. flows.Take(FlowsToldMax).Select(Said)],
            }
            : VerbReport.Failed(verb, ExitCode.Unclear,
                $"The kernel does not enforce what the configuration says, in {differences.Count} places.",
                "Something may leave that should not, or a stated flow is shut.", "sluice-agent firewall apply.")
                with { Notes = differences };
    }

    private static string Allowed(IReadOnlyList<StatedFlow> flows) => flows.Count == 0
        ? "The kernel lets the agent reach nothing."
        : $"The kernel lets {flows.Count} flow{(flows.Count == 1 ? "" : "s")} out, and nothing else.";

    private static string Said(StatedFlow flow)
    {
        var way = $"{flow.Address} {(flow.IsTcp ? "TCP" : "UDP")} port {flow.Port}";
        return flow.Owner == FlowOwner.Agent ? $"agent to {way} ({flow.Purpose})" : $"time service to {way}";
    }

    private (uint? Number, string Missing) UserOf(string name)
    {
        try
        {
            return HostUsers.NumberOf(name, File.ReadAllText(Passwd)) is { } number
                ? (number, "")
                : (null, $"There is no user '{name}' on this machine.");
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return (null, $"{Passwd} cannot be read ({world.Message}), so nobody knows the number of '{name}'.");
        }
    }
}
