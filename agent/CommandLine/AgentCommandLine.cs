using System.CommandLine;
using Sluice.Agent.CommandLine.Checking;
using Sluice.Agent.CommandLine.Consoles;
using Sluice.Agent.CommandLine.Egress;
using Sluice.Agent.CommandLine.Enrolment;
using Sluice.Agent.CommandLine.Examining;
using Sluice.Agent.CommandLine.Finding;
using Sluice.Agent.CommandLine.Updating;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Firewall;
using Sluice.Agent.Egress.Jail;

namespace Sluice.Agent.CommandLine;

/// <summary>Runs the gateway until it is stopped; returns the exit code.</summary>
internal delegate Task<int> RunGateway(
    GatewayConfiguration configuration, RunOptions options, CancellationToken cancellationToken);

/// <summary>
/// The verbs of sluice-agent. What they do is handed in, so that the command line can be tested by itself.
/// </summary>
internal sealed class AgentCommandLine
{
    public RunGateway? Run { get; init; }

    /// <summary>Locks <c>run</c> in; null in a test, whose own process it would be.</summary>
    public IJail? Jail { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public TextWriter Output { get; init; } = Console.Out;

    public TextWriter Error { get; init; } = Console.Error;

    /// <summary>What a person types, where a verb asks.</summary>
    public TextReader Input { get; init; } = Console.In;

    /// <summary>A person sits at both ends: verbs ask, and show how far they are.</summary>
    public bool IsTerminal { get; init; } = !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Where the users of this machine stand.</summary>
    public string Passwd { get; init; } = HostUsers.File;

    /// <summary>What loads the host's rules.</summary>
    public Nft Nft { get; init; } = new();

    public async Task<int> InvokeAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var parsed = Root().Parse(arguments);
        var code = await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = Output,
                Error = Error,

                // The host stops on SIGTERM in its own time: what it has taken must be durable first.
                ProcessTerminationTimeout = null,
                EnableDefaultExceptionHandler = false,
            },
            cancellationToken).ConfigureAwait(false);
        return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
    }

    /// <summary>What it parses by, and what the manual is made of.</summary>
    internal RootCommand Root()
    {
        var root = new RootCommand("Sluice: brings readings from the machines to the broker in the DMZ, one way.");
        if (Run is not null)
        {
            root.Add(new RunVerb(Run, Error, Clock, Jail).Command());
        }

        root.Add(new CheckVerb(Output, Clock).Command());
        root.Add(new DoctorVerb(Output, Clock) { Nft = Nft }.Command());
        root.Add(new StatusVerb(Output, Error, Clock).Command());
        root.Add(new WatchVerb(IsTerminal && !Console.IsOutputRedirected, Output, Error, Clock).Command());
        root.Add(new FindOrderVerb(Input, IsTerminal, Output, Error, Clock).Command());
        root.Add(new DiscoverVerb(IsTerminal, Output, Error, Clock).Command());
        root.Add(new IdentityVerb(Input, IsTerminal, Output, Error, Clock).Command());
        root.Add(new StickVerb(Output, Error, Clock).Command());
        root.Add(new CardVerb(Output, Error, Clock).Command());
        root.Add(new FirewallVerb(Output, Error, Clock) { Passwd = Passwd, Nft = Nft }.Command());
        root.Add(new ProveVerb(Output, Error, Clock).Command());
        root.Add(new UpdateVerb(Output, Error, Clock).Command());
        root.Add(new ConsoleVerb(Input, Output, Error, InvokeAsync, Clock).Command());
        root.Add(new SizeVerb(Output, Error, Clock).Command());
        root.Add(new SchemaVerb(Output).Command());
        root.Add(new CompletionVerb(Output, root).Command());
        root.Add(new VersionVerb(Output).Command());
        return root;
    }
}
