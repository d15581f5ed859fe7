using System.Runtime.InteropServices;

namespace Sluice.Hal;

/// <summary>
/// Makes a directory's names durable: without it a file that was written, synced and renamed may be gone by its name
/// after a power cut. .NET opens no directory, so this is open(2), fsync(2) and close(2).
/// </summary>
public static partial class DirectorySync
{
    private const int ReadOnlyDirectory = 0x0;

    public static void Sync(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            // The technician's laptop checks files; it keeps none.
            return;
        }

        var handle = Open(directory, ReadOnlyDirectory);
        if (handle < 0)
        {
            throw new IOException($"{directory}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var failed = Fsync(handle) != 0;
        var message = failed ? Marshal.GetLastPInvokeErrorMessage() : "";
        _ = Close(handle);
        if (failed)
        {
            throw new IOException($"{directory}: {message}");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
