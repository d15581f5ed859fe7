using System.CommandLine;
using System.Reflection;
using Sluice.Provision.Preparing;
using Sluice.Provision.Verbs;
using Sluice.Provision.Verbs.Gateways;
using Sluice.Provision.Verbs.Plant;
using Sluice.Provision.Verbs.Registration;

namespace Sluice.Provision;

/// <summary>What the verbs end with: the numbers of sluice-agent.</summary>
internal static class ToolExitCode
{
    public const int Fine = 0;
    public const int Usage = 64;

    /// <summary>A request was refused, nobody confirmed it, or a sheet of gateways has mistakes.</summary>
    public const int Refused = 65;

    /// <summary>What the verb needs is not there.</summary>
    public const int Unavailable = 69;

    /// <summary>A file cannot be read or written.</summary>
    public const int Storage = 74;

    /// <summary>The passphrase is wrong.</summary>
    public const int NoPermission = 77;
}

/// <summary>
/// The verbs of sluice-provision, which runs on the technician's laptop and at the plant's CA. What they read and print
/// is handed in, so that they can be tested by themselves.
/// </summary>
internal sealed class ToolCommandLine
{
    public TextWriter Output { get; init; } = Console.Out;

    public TextWriter Error { get; init; } = Console.Error;

    public TextReader Input { get; init; } = Console.In;

    /// <summary>A person sits there: verbs ask.</summary>
    public bool IsTerminal { get; init; } = !Console.IsInputRedirected && !Console.IsErrorRedirected;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public static string Version { get; } = typeof(ToolCommandLine).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public async Task<int> InvokeAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var line = Root().Parse(arguments.Count == 0 ? ["--help"] : arguments);
        var configuration = new InvocationConfiguration
        {
            Output = Output,
            Error = Error,
            EnableDefaultExceptionHandler = false,
        };
        var code = await line.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        return line.Errors.Count > 0 ? ToolExitCode.Usage : code;
    }

    private RootCommand Root()
    {
        var surroundings = new ToolSurroundings(Input, IsTerminal, Output, Error, Clock);
        var root = new RootCommand($"sluice-provision {Version}: gives gateways their identity. The plant's CA lies in "
            + "one folder (--ca); requests come from gateways on a stick, and bundles go back on it.");
        root.Add(new PrepareVerb(surroundings).Command());
        root.Add(new CaVerb(surroundings).Command());
        root.Add(new RequestVerb(surroundings).Command());
        root.Add(new SignVerb(surroundings).Command());
        root.Add(new BundleVerb(surroundings).Command());
        root.Add(new TrustVerb(surroundings).Command());
        root.Add(new ReplaceVerb(surroundings).Command());
        root.Add(new TokenVerb(surroundings).Command());
        root.Add(new ConsoleVerb(surroundings).Command());
        root.Add(new RevokeVerb(surroundings).Command());
        root.Add(new CrlVerb(surroundings).Command());
        root.Add(new ListVerb(surroundings).Command());
        root.Add(new ReceiptVerb(surroundings).Command());
        root.Add(new ClientVerb(surroundings).Command());
        root.Add(new RaVerb(surroundings).Command());
        root.Add(new BrokerConfigVerb(surroundings).Command());
        return root;
    }
}
