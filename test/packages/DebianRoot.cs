using System.Diagnostics;
using Sluice.Field.Parts;

namespace Sluice.Packages;

/// <summary>
/// A copy of a Debian root (test/packages/roots) in which packages are installed by dpkg as on a gateway, without a
/// network, without a terminal and without systemd at work. Its processes end with the line that started them.
/// </summary>
internal sealed class DebianRoot : IDisposable
{
    /// <summary>Under emulation dpkg takes its time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private DebianRoot(string path) => Path = path;

    public string Path { get; }

    public static async Task<DebianRoot> CopyAsync(string suite, string architecture)
    {
        var name = $"packages-{suite}-{architecture}";
        var kept = System.IO.Path.Combine(FieldDirectory.Repository(), ".cache", name, "root");
        var path = Directory.CreateTempSubdirectory($"sluice-{name}-").FullName;
        var copied = await Commands.RunAsync("cp", ["-a", "--reflink=auto", kept + "/.", path], Patience);
        copied.MustHaveWorked();
        return new DebianRoot(path);
    }

    /// <summary>A line of shell inside, as root; what it said and how it ended.</summary>
    public Task<Said> RunAsync(string line) => Commands.RunAsync(
        "unshare",
        [
            "--mount", "--pid", "--fork", "--kill-child", $"--mount-proc={Path}/proc",
            "chroot", Path, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "/bin/sh", "-c", line,
        ],
        Patience);

    /// <summary>A line that has to work; what it said.</summary>
    public async Task<string> DoAsync(string line) => (await RunAsync(line)).MustHaveWorked();

    public string At(string path) => System.IO.Path.Combine(Path, path.TrimStart('/'));

    /// <summary>Puts a file into its /tmp and gives it to dpkg.</summary>
    public async Task<Said> InstallAsync(string package, string options = "")
    {
        File.Copy(package, At("/tmp/package.deb"), overwrite: true);
        return await RunAsync($"dpkg {options} -i /tmp/package.deb </dev/null");
    }

    public void Dispose()
    {
        using var process = Process.Start("rm", ["-rf", "--one-file-system", Path]);
        process.WaitForExit();
    }
}
