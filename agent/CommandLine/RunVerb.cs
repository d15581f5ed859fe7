using System.CommandLine;
using Sluice.Agent.CommandLine.Enrolment;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Brought;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// sluice-agent run: reads the configuration and hands it to the host. A configuration that is refused is told in full,
/// and the last good one runs instead; only where there is none does nothing start. Before anything else
/// does, the agent locks itself in.
/// </summary>
internal sealed class RunVerb(RunGateway run, TextWriter error, TimeProvider clock, IJail? jail = null)
{
    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> socket = VerbOptions.Socket();
    private readonly Option<string> state = VerbOptions.State();

    public Command Command()
    {
        var verb = new Command("run", "Run the gateway until it is stopped. A configuration that is refused is told "
            + "in full, and "
            + "the last good one runs on; where there is none, ends with 78.") { config, state, socket };
        verb.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(config)!, parsed.GetValue(state)!, parsed.GetValue(socket)!, cancellationToken));
        return verb;
    }

    private async Task<int> RunAsync(
        string file, string stateDirectory, string socketPath, CancellationToken cancellationToken)
    {
        var paths = new JailedPaths(file, stateDirectory, socketPath);
        var (loaded, own) = ConfigurationInForce.Load(file);
        var store = new LastGoodStore(stateDirectory);
        if (loaded is { Configuration: { } configuration, Files: { } files })
        {
            var options = new RunOptions { SocketPath = socketPath, Started = () => Keep(store, files) };
            if (await WipedAsync(own!, file, stateDirectory, cancellationToken).ConfigureAwait(false))
            {
                return ExitCode.Configuration;
            }

            return await RunLockedInAsync(configuration, options, paths, loaded.Problems, cancellationToken)
                .ConfigureAwait(false);
        }

        if (store.Load() is not { } lastGood)
        {
            await TellAsync(loaded.Problems).ConfigureAwait(false);
            if (GatewayFilesToWipe.Told(file) is { } wiped)
            {
                await error.WriteLineAsync(wiped).ConfigureAwait(false);
            }

            await error.WriteLineAsync($"{file}: refused, and there is no last good configuration in {stateDirectory}: "
                + "nothing starts.").ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        if (lastGood.Configuration is not { } kept)
        {
            await TellAsync([.. loaded.Problems, .. lastGood.Problems]).ConfigureAwait(false);
            await error.WriteLineAsync($"{file}: refused, and so is the last good one, by this version: nothing "
                + "starts.")
                .ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        if (await WipedAsync(kept, file, stateDirectory, cancellationToken).ConfigureAwait(false))
        {
            return ExitCode.Configuration;
        }

        var refused = loaded.Problems.Where(problem => problem.IsError).Select(problem => problem.ToString());
        var asBefore = new RunOptions
        {
            SocketPath = socketPath, RefusedBecause = [.. refused], RefusedHash = loaded.Files?.Hash() ?? "",
        };
        return await RunLockedInAsync(
            kept with { Brought = new BroughtMark(ConfigurationInForce.StampOf(kept.Identity.Directory), null) },
            asBefore, paths, loaded.Problems, cancellationToken, $"{file}: refused. The last good configuration "
                + $"{kept.Hash[..12]} runs on: mend the file and start again.").ConfigureAwait(false);
    }

    /// <summary>
    /// Nothing is told before the jail is there: the program starts anew inside it, and would tell it again.
    /// </summary>
    private async Task<int> RunLockedInAsync(
        GatewayConfiguration configuration, RunOptions options, JailedPaths paths,
        IEnumerable<ConfigurationProblem> problems, CancellationToken cancellationToken, string? moreover = null)
    {
        JailStanding standing;
        paths = paths with
        {
            HasKeysInTpm = HasKeysInTpm(configuration.Identity.Directory), IsTpmThere = File.Exists(BoardTpm.Device),
        };
        try
        {
            standing = jail?.Enter(JailPlan.Of(configuration, paths, SelfJail.ProgramFolders())) ?? JailStanding.None;
        }
        catch (JailOutdatedException outdated)
        {
            await error.WriteLineAsync(outdated.Message).ConfigureAwait(false);
            return ExitCode.Unavailable;
        }

        await TellAsync(problems).ConfigureAwait(false);
        if (moreover is not null)
        {
            await error.WriteLineAsync(moreover).ConfigureAwait(false);
        }

        if (jail is not null && configuration.IsJailRequired && !standing.IsWhole)
        {
            await error.WriteLineAsync($"\"jail\" is \"required\", and the agent is {standing.Sentence}. Nothing "
                + "starts: use a kernel with Landlock for TCP ports (Linux 6.7 or newer), or write \"preferred\".")
                .ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        var started = options.Started;
        return await run(
            configuration,
            options with { Jail = standing, Paths = paths, Started = () => ShutDoor(standing, started) },
            cancellationToken).ConfigureAwait(false);
    }

    private void ShutDoor(JailStanding standing, Action started)
    {
        if (jail?.ShutDoor(standing) is { Length: > 0 } trouble)
        {
            error.WriteLine($"The door of the jail stays open: {trouble}.");
        }

        started();
    }

    /// <summary>A wipe that a power cut came between is brought to its end, and nothing runs.</summary>
    private async Task<bool> WipedAsync(
        GatewayConfiguration configuration, string file, string stateDirectory, CancellationToken cancellationToken)
    {
        if (await WipeVerb.FinishAsync(configuration, file, stateDirectory, clock, cancellationToken)
            .ConfigureAwait(false) is not { } report)
        {
            return false;
        }

        report.Print(error, error, asJson: false);
        return true;
    }

    private static bool HasKeysInTpm(string directory)
    {
        try
        {
            return new IdentityStore(LinuxIdentityDisk.Beside(directory)).KeysElsewhere().Count > 0;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            // An identity that cannot be read is not used either, and says so by itself.
            return false;
        }
    }

    private void Keep(LastGoodStore store, ConfigurationFiles files)
    {
        if (store.Keep(files) is { } problem)
        {
            error.WriteLine(problem.ToString());
        }
    }

    private async Task TellAsync(IEnumerable<ConfigurationProblem> problems)
    {
        foreach (var problem in problems)
        {
            await error.WriteLineAsync(problem.ToString()).ConfigureAwait(false);
        }
    }
}
