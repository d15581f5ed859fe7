namespace Sluice.Field.Parts.Disks;

/// <summary>A directory mounted over itself, so that it can be made read-only under a running program.</summary>
internal sealed class BindMount : IAsyncDisposable
{
    private readonly string directory;

    private BindMount(string directory) => this.directory = directory;

    public static async Task<BindMount> OverAsync(string directory)
    {
        Directory.CreateDirectory(directory);
        await MountAsync("--bind", directory, directory);
        return new BindMount(directory);
    }

    public Task ReadOnlyAsync() => MountAsync("-o", "remount,bind,ro", directory);

    public Task WritableAsync() => MountAsync("-o", "remount,bind,rw", directory);

    // Lazily: the program may still hold a file in it, and the directory is to be gone in any case.
    public async ValueTask DisposeAsync() => await ChildProcess.RunAsync("/usr/bin/umount", "--lazy", directory);

    private static async Task MountAsync(params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync("/usr/bin/mount", arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"mount {string.Join(' ', arguments)}: {said}");
        }
    }
}
