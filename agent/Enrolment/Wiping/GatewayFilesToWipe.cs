using System.Globalization;
using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Agent.OwnCard;
using Sluice.Hal;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Enrolment.Wiping;

/// <summary>What a wipe destroys on a real gateway beside its identity.</summary>
/// <param name="configuration">What runs here.</param>
/// <param name="file">The configuration file.</param>
/// <param name="stateDirectory">Where the last good configuration is kept.</param>
/// <param name="clock">To wait for a running agent.</param>
/// <param name="isOnOwnCard">
/// The configuration belongs to the user who takes it from the gateway's own card: this one may leave a mark for him,
/// and not delete it.
/// </param>
internal sealed class GatewayFilesToWipe(
    GatewayConfiguration configuration, string file, string stateDirectory, TimeProvider clock, bool isOnOwnCard)
{
    /// <summary>Behind the name of a configuration that was wiped: a sentence for whoever looks for it.</summary>
    public const string Tombstone = ".wiped";

    /// <summary>The agent that runs sees the mark within a second, and stops within ten.</summary>
    private static readonly TimeSpan AgentStopsWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    private string Buffer => configuration.Buffer.Directory;

    /// <summary>In the buffer now.</summary>
    public long BufferBytes => Directory.Exists(Buffer)
        ? new DirectoryInfo(Buffer).EnumerateFiles("*", SearchOption.AllDirectories).Sum(each => each.Length)
        : 0;

    public IReadOnlyList<WipeTarget> Before => [new WipeTarget("buffer", BufferAsync),
        new WipeTarget("last good configuration", _ => Task.FromResult(Try(() => Remove(
            Path.Combine(stateDirectory, "last-good")))))];

    public IReadOnlyList<WipeTarget> After => isOnOwnCard
        ? [new WipeTarget("configuration", _ => Task.FromResult(WipedMark.Leave(stateDirectory, configuration.Hash)),
            "marked: who takes it from the card deletes it there and here, at once or at the next start")]
        : [new WipeTarget("configuration", _ => Task.FromResult(Try(RemoveConfiguration)))];

    /// <summary>What stands beside a configuration that is not there any more; null where it was not wiped.</summary>
    public static string? Told(string file)
    {
        try
        {
            return File.Exists(file + Tombstone) ? File.ReadAllText(file + Tombstone).Trim() : null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private async Task<string?> BufferAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Buffer))
        {
            return null;
        }

        var since = clock.GetTimestamp();
        while (true)
        {
            try
            {
                using var held = FileHold.Take(Path.Combine(Buffer, "lock"));
                Clear(Buffer);
                return null;
            }
            catch (IOException) when (clock.GetElapsedTime(since) < AgentStopsWithin)
            {
                await Task.Delay(LookAgain, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception world) when (world is IOException or UnauthorizedAccessException)
            {
                return $"{world.Message} (does an agent still run? systemctl stop sluice-agent)";
            }
        }
    }

    private void RemoveConfiguration()
    {
        var loaded = ConfigurationLoader.Load(file);
        if (loaded.Files is not { } files || files.Hash() != configuration.Hash)
        {
            throw new IOException($"{file} is another one than what ran here, and is refused: mend it, or take it "
                + "away");
        }

        var directory = Path.GetDirectoryName(Path.GetFullPath(file))!;
        File.WriteAllText(file + Tombstone, string.Create(CultureInfo.InvariantCulture,
            $"Gateway {configuration.Gateway.Id} of {configuration.Gateway.Site} was wiped at "
            + $"{clock.GetUtcNow():yyyy-MM-dd HH:mm}Z; its receipt and its audit log are in "
            + $"{configuration.Identity.Directory}.\n"), Encoding.UTF8);
        foreach (var list in files.Lists)
        {
            File.Delete(Path.Combine(directory, list.Key));
        }

        File.Delete(file);
        DirectorySync.Sync(directory);
    }

    private static string? Try(Action act)
    {
        try
        {
            act();
            return null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return world.Message;
        }
    }

    private static void Clear(string directory)
    {
        foreach (var folder in Directory.EnumerateDirectories(directory))
        {
            Directory.Delete(folder, recursive: true);
        }

        foreach (var each in Directory.EnumerateFiles(directory))
        {
            File.Delete(each);
        }

        DirectorySync.Sync(directory);
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
            DirectorySync.Sync(Path.GetDirectoryName(directory)!);
        }
    }
}
