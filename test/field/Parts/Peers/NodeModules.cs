namespace Sluice.Field.Parts.Peers;

/// <summary>
/// Packages of npm for one folder of the tests, at the exact versions of its package.json: installed once into .cache,
/// without the parts that need a compiler.
/// </summary>
internal static class NodeModules
{
    public const string Node = "/usr/bin/node";
    public const string Npm = "/usr/bin/npm";

    private const string OfFieldTests = "test/field";
    private static readonly TimeSpan InstallMax = TimeSpan.FromMinutes(5);
    private static readonly SemaphoreSlim Installing = new(1);

    /// <summary>The folder of the scripts.</summary>
    public static string Scripts(string name, string within = OfFieldTests) =>
        Path.Combine(FieldDirectory.Repository(), within, name);

    /// <summary>Returns the folder in which node_modules lies.</summary>
    public static async Task<string> InstallAsync(string name, string within = OfFieldTests)
    {
        var installed = Path.Combine(FieldDirectory.Repository(), ".cache", name);
        var wanted = Path.Combine(Scripts(name, within), "package.json");
        var done = Path.Combine(installed, "installed.json");
        await Installing.WaitAsync();
        try
        {
            if (File.Exists(done) && await File.ReadAllTextAsync(done) == await File.ReadAllTextAsync(wanted))
            {
                return installed;
            }

            Directory.CreateDirectory(installed);
            File.Copy(wanted, Path.Combine(installed, "package.json"), overwrite: true);
            await using var npm = ChildProcess.Start(
                Npm,
                [
                    "install", "--prefix", installed, "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund",
                    "--no-package-lock",
                ]);
            await npm.ExitAsync(InstallMax);
            if (npm.ExitCode != 0)
            {
                throw new InvalidOperationException(
                    $"npm could not install what {within}/{name} needs: this machine needs a package registry once, "
                    + $"after that .cache/{name} suffices. npm said:\n{npm.Tail()}");
            }

            File.Copy(wanted, done, overwrite: true);
            return installed;
        }
        finally
        {
            Installing.Release();
        }
    }
}
