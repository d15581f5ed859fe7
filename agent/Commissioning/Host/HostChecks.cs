using Sluice.Agent.Binding;
using Sluice.Agent.Egress.Cards;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Time;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;

namespace Sluice.Agent.Configuration;

/// <summary>
/// What the configuration says about this machine, looked up on it. Nothing here stops a run: without an identity it
/// samples and stores, without a disk it holds readings in memory. So everything is a warning, for somebody to mend,
/// but for one thing that <c>check</c> refuses: networks that are not apart.
/// </summary>
internal static class HostChecks
{
    public static IReadOnlyList<ConfigurationProblem> Look(GatewayConfiguration configuration, TimeProvider clock) =>
        [.. Identity(configuration, clock), .. Buffer(configuration.Buffer), .. SerialPorts(configuration.Sources),
            .. Jail(configuration, JailKernel.LandlockVersion()), .. Cards(configuration, HostCards.Look())];

    /// <summary>Networks that are not apart are the one thing of this machine that is refused: behind them nobody can
    /// say what goes to the machines and what to the DMZ. An agent that runs all the same keeps to the broker's card
    /// and says so.</summary>
    internal static IEnumerable<ConfigurationProblem> Cards(GatewayConfiguration configuration, CardSight sight) =>
    [
        .. BrokerCard.Overlaps(configuration, sight).Select(sentence =>
            Warning("network cards", sentence) with { Severity = ProblemSeverity.Error }),
        .. BrokerCard.Doubts(configuration.Broker, sight).Select(sentence => Warning("network cards", sentence)),
    ];

    /// <summary>The one thing of this machine that a configuration can make a condition.</summary>
    internal static IEnumerable<ConfigurationProblem> Jail(GatewayConfiguration configuration, int landlock)
    {
        if (configuration.IsJailRequired && !new LandlockRights(landlock).HasPorts)
        {
            yield return Warning("jail", "\"required\", and this kernel cannot fence TCP ports (Landlock 4, Linux 6.7; "
                + $"it has {landlock}): run does not start. Use a newer kernel, or write \"preferred\".");
        }
    }

    private static IEnumerable<ConfigurationProblem> Identity(GatewayConfiguration configuration, TimeProvider clock)
    {
        var validity = ValidityClock.Here(configuration, clock);
        var loaded = IdentityDirectory.Load(
            configuration.Identity.Directory, configuration.Gateway.Id, validity.Now(),
            configuration.Identity.Revocation);
        loaded.Identity?.Dispose();
        foreach (var problem in loaded.Problems)
        {
            yield return Warning(problem.File, problem.Blocks
                ? $"{problem.Sentence}. Until then the agent samples and stores, and publishes nothing."
                : $"{problem.Sentence}.");
        }

        if (configuration.Identity.IsKeyInTpm && TpmProblem(BoardTpm.Instance) is { } problemOfTpm)
        {
            yield return problemOfTpm;
        }

        var directory = configuration.Identity.Directory;
        if (MachineBinding.RefusalOf(directory, MachineFacts.Here(directory)) is { } elsewhere)
        {
            yield return Warning(directory, elsewhere);
        }

        if (validity.WithOwn(configuration) is { IsBehind: true } time)
        {
            yield return Warning(configuration.Identity.Directory, $"{time.ClockProblem}.");
        }
    }

    /// <summary>A configuration may be checked elsewhere than on its gateway: a warning.</summary>
    internal static ConfigurationProblem? TpmProblem(ITpm tpm)
    {
        try
        {
            tpm.Open().Dispose();
            return null;
        }
        catch (TpmException missing)
        {
            return Warning("identity.key", $"\"tpm\", and {missing.Happened}: identity init and a renewal make no key, "
                + $"and a key in the TPM cannot be used. On the gateway: {missing.WhatToDo}.");
        }
    }

    private static IEnumerable<ConfigurationProblem> Buffer(BufferSettings buffer)
    {
        var folder = NearestFolder(buffer.Directory);
        if (RefuseWrite(folder) is { } refused)
        {
            var missing = folder == buffer.Directory ? "" : $"does not exist, and {folder} ";
            yield return Warning(buffer.Directory, $"{missing}{refused} Until that is mended, run keeps readings in "
                + "memory "
                + "only: they are published, but a stop or a power cut loses what is waiting.");
        }
        else if (FreeBytes(folder) is { } free && free + UsedBytes(buffer.Directory) < buffer.SizeBytesMax)
        {
            yield return Warning(buffer.Directory, $"has room for {UnitText.FormatRounded(free)} more, and "
                + "buffer.sizeMax is "
                + $"{UnitText.FormatSize(buffer.SizeBytesMax)}: the disk would be full before the buffer is. Write "
                + "less.");
        }
    }

    /// <summary>The nearest folder that exists: run makes what is missing below it.</summary>
    internal static string NearestFolder(string directory)
    {
        var folder = directory;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
        {
            folder = above;
        }

        return folder;
    }

    private static IEnumerable<ConfigurationProblem> SerialPorts(IReadOnlyList<SourceSettings> sources)
    {
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in sources.OfType<ModbusRtuSettings>().Where(source => source.Port is not null))
        {
            var port = source.Port!;
            if (port.AccessProblem() is { } problem)
            {
                yield return Warning(port.Path, $"{problem}. Until that is mended, source {source.Name} reads nothing; "
                    + "it is tried again and again.");
            }
            else if (!first.TryAdd(Behind(port.Path), source.Name))
            {
                yield return Warning(port.Path, $"is another name of the port of source {first[Behind(port.Path)]}: "
                    + $"one of the two sources will read nothing. Check the port of {source.Name}.");
            }
        }
    }

    /// <summary>The device file that a name under /dev/serial leads to.</summary>
    private static string Behind(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    internal static string? RefuseWrite(string folder)
    {
        try
        {
            var name = Path.Combine(folder, $".sluice-check-{Environment.ProcessId}");
            using var probe = new FileStream(name, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1,
                FileOptions.DeleteOnClose);
            probe.WriteByte(0);
            probe.Flush();
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return $"cannot be written by user {ProcessUser.Name}: check owner and mode.";
        }
        catch (IOException world)
        {
            return world.Message.Contains("Read-only", StringComparison.OrdinalIgnoreCase)
                ? "is read-only: worn flash turns so; replace the card, or mount the disk for writing."
                : $"cannot be written ({world.Message}).";
        }
    }

    internal static long? FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    internal static long UsedBytes(string directory)
    {
        try
        {
            return Directory.Exists(directory)
                ? new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
                : 0;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static ConfigurationProblem Warning(string file, string sentence) =>
        new(file, 0, 0, "", sentence, ProblemSeverity.Warning);
}
