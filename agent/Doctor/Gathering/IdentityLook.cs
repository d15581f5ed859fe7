using Sluice.Agent.Binding;
using Sluice.Agent.Configuration;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;

namespace Sluice.Agent.Doctor.Gathering;

/// <summary>Looks at the identity directory, without its lock and without writing: the agent that runs may renew.
/// </summary>
internal static class IdentityLook
{
    public static IdentityFacts At(GatewayConfiguration configuration, ValidityTime time)
    {
        var directory = configuration.Identity.Directory;
        if (IsHidden(directory))
        {
            return new IdentityFacts([]) { IsHidden = true };
        }

        var loaded = IdentityDirectory.Load(
            directory, configuration.Gateway.Id, time, configuration.Identity.Revocation);
        var key = Path.Combine(directory, IdentityDirectory.Current, IdentityDirectory.KeyFile);
        using var identity = loaded.Identity;
        return new IdentityFacts(
            [.. loaded.Problems.Select(problem => (problem.File, problem.Sentence, problem.Blocks))])
        {
            Version = identity?.Version ?? "",
            NotBefore = identity?.NotBefore,
            NotAfter = identity?.NotAfter,
            KeyFile = key,
            KeyMode = ModeOf(key),
            RevocationLists = [.. (identity?.Trust.RevocationLists ?? []).Select(list => (
                list.IssuerName,
                list.NextUpdate < DateTimeOffset.MaxValue ? list.NextUpdate : (DateTimeOffset?)null))],
            Elsewhere = MachineBinding.RefusalOf(directory, MachineFacts.Here(directory)),
        };
    }

    private static bool IsHidden(string directory)
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(directory).Any();
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            // It is not there: that is known.
            return false;
        }
    }

    private static UnixFileMode? ModeOf(string file)
    {
        try
        {
            return !OperatingSystem.IsWindows() && File.Exists(file) ? File.GetUnixFileMode(file) : null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
