using System.Runtime.InteropServices;
using Sluice.Hal;
using Sluice.Provisioning.Audit;

namespace Sluice.Agent.Commissioning.Lists;

/// <summary>
/// Replaces a file in one step: written beside it, synced, renamed. Whoever reads meanwhile, or after a power cut, has
/// the old one or the new one, whole. The new one has the old one's mode and owner: a list that root changed must still
/// be readable by the agent's user. Called by the verbs, once each.
/// </summary>
internal static unsafe partial class SafeFile
{
    private const int HereFollowingNoLink = -100;
    private const uint BasicStatus = 0x7FF;
    private const int StatusBytes = 256;
    private const int UserAt = 20;
    private const int GroupAt = 24;

    /// <summary>Null, or a sentence that says why the file stays as it was.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">What it is to hold.</param>
    /// <param name="like">Whose mode and owner it gets: itself where it is there, else its neighbour.</param>
    public static string? Replace(string path, ReadOnlySpan<byte> bytes, string? like = null)
    {
        // Through a link the file itself is replaced, not the link.
        var link = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true) : null;
        var real = link?.FullName ?? Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(real) ?? "/";
        var fresh = Path.Combine(folder, $".{Path.GetFileName(real)}.{Environment.ProcessId}.new");
        try
        {
            using (var file = new FileStream(fresh, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                var pattern = File.Exists(real) ? real : like;
                if (pattern is not null)
                {
                    TakeAfter(fresh, pattern);
                }

                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(fresh, real, overwrite: true);
            DirectorySync.Sync(folder);
            return null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            Discard(fresh);
            return world is UnauthorizedAccessException
                ? $"{path} may not be written by user {ProcessUser.Name}: use sudo, or check owner and mode of its "
                    + "folder."
                : $"{path} cannot be written: {world.Message}";
        }
    }

    private static void Discard(string fresh)
    {
        try
        {
            File.Delete(fresh);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            // The folder is not there, or turned read-only: what is said is why the writing failed.
        }
    }

    private static void TakeAfter(string fresh, string pattern)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.SetUnixFileMode(fresh, File.GetUnixFileMode(pattern));

        // statx has one layout on every architecture, which stat has not. Only root may give a file away; for anybody
        // else the owner is right already, or cannot be helped.
        var status = stackalloc byte[StatusBytes];
        if (Statx(HereFollowingNoLink, pattern, 0, BasicStatus, status) == 0)
        {
            _ = Chown(fresh, *(uint*)(status + UserAt), *(uint*)(status + GroupAt));
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);
}
