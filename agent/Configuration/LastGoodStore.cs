using System.Text;
using Sluice.Hal;

namespace Sluice.Agent.Configuration;

/// <summary>
/// Keeps a copy of the configuration that last ran, so that a bad new one does not stop the plant's data.
/// <para>
/// In the state directory: <c>last-good/HASH/</c> holds gateway.json and its lists, <c>last-good/current</c> the hash
/// of the one that counts. Invariants: current is replaced by a rename, after everything that it names is on disk and
/// synced; so a power cut at any step leaves the old copy or the new one, whole. A copy whose bytes do not make its
/// hash is not used. Called at start, before and after the host runs; never at the same time from two places.
/// </para>
/// </summary>
internal sealed class LastGoodStore(string stateDirectory)
{
    private const string GatewayFile = "gateway.json";

    private readonly string root = Path.Combine(stateDirectory, "last-good");

    private string Current => Path.Combine(root, "current");

    /// <summary>The copy that counts, read and checked again; null where there is none, or it is damaged.</summary>
    public LoadResult? Load()
    {
        try
        {
            if (!File.Exists(Current))
            {
                return null;
            }

            var hash = File.ReadAllText(Current).Trim();
            if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigitLower))
            {
                return null;
            }

            var loaded = ConfigurationLoader.Load(Path.Combine(root, hash, GatewayFile));
            return loaded.Files?.Hash() == hash ? loaded : null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Keeps these files. Returns a warning where the disk did not let it; the copy before stays then.
    /// </summary>
    public ConfigurationProblem? Keep(ConfigurationFiles files)
    {
        try
        {
            foreach (var _ in Steps(files))
            {
                // Each step is done when it is named; there is nothing to decide between them.
            }

            return null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return new ConfigurationProblem(root, 0, 0, "", "this configuration could not be kept as the last good "
                + "one "
                + $"({world.Message}): it runs, but if the next one is refused, there may be none to fall back to.",
                ProblemSeverity.Warning);
        }
    }

    /// <summary>The steps of keeping, one after the other, so that a test can stop between any two.</summary>
    internal IEnumerable<string> Steps(ConfigurationFiles files)
    {
        var final = Path.Combine(root, files.Hash());
        if (Load()?.Files?.Hash() != files.Hash())
        {
            foreach (var step in Replace(files, final))
            {
                yield return step;
            }
        }

        // Also what a crash left behind before it came to this.
        foreach (var old in Directory.EnumerateDirectories(root).Where(folder => folder != final))
        {
            Remove(old);
            yield return "removed an old one";
        }
    }

    private IEnumerable<string> Replace(ConfigurationFiles files, string final)
    {
        var fresh = final + ".new";
        Directory.CreateDirectory(root);
        Remove(fresh);
        Directory.CreateDirectory(fresh);
        yield return "made a folder";
        foreach (var (name, bytes) in files.Lists.Prepend(KeyValuePair.Create(GatewayFile, files.Gateway)))
        {
            var path = Path.Combine(fresh, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Write(path, bytes.Span);
            yield return $"wrote {name}";
        }

        foreach (var folder in Directory.EnumerateDirectories(fresh, "*", SearchOption.AllDirectories).Append(fresh))
        {
            DirectorySync.Sync(folder);
        }

        // Only a damaged copy can stand there: a whole one would have been found.
        Remove(final);
        Directory.Move(fresh, final);
        DirectorySync.Sync(root);
        yield return "named the folder";
        Write(Current + ".new", Encoding.UTF8.GetBytes(Path.GetFileName(final) + "\n"));
        yield return "wrote the new pointer";
        File.Move(Current + ".new", Current, overwrite: true);
        DirectorySync.Sync(root);
        DirectorySync.Sync(stateDirectory);
        yield return "moved the pointer";
    }

    private static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
