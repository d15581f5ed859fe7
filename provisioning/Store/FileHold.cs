namespace Sluice.Provisioning.Store;

/// <summary>
/// A file that one process at a time holds, for the moment of an append: the agent writes lines of its own while a verb
/// is at work in the same directory. The system lets go of it when its process ends, however it ends.
/// </summary>
public static class FileHold
{
    /// <summary>Two seconds: an append is two writes that a slow card has to take.</summary>
    private const int TriesMax = 200;

    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(10);

    public static FileStream Take(string path)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return OperatingSystem.IsWindows()
                    ? new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
                    : new FileStream(path, new FileStreamOptions
                    {
                        Mode = FileMode.OpenOrCreate,
                        Access = FileAccess.ReadWrite,
                        Share = FileShare.None,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    });
            }
            catch (IOException) when (tries < TriesMax && File.Exists(path))
            {
                Task.Delay(TryAgainAfter, TimeProvider.System).GetAwaiter().GetResult();
            }
        }
    }
}
