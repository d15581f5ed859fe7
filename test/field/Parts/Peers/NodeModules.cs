namespace Sluice.Field.Parts.Peers;

/// <summary>
/// Packages of npm for one folder of test/field, at the exact versions of its package.json: installed once into .cache,
/// without the parts that need a compiler.
/// </summary>
internal static class NodeModules
{
    public const string Node = "/usr/bin/node";

    private static readonly SemaphoreSlim Installing = new(1);

    /// <summary>The folder of the scripts.</summary>
    public static string Scripts(string name) => Path.Combine(FieldDirectory.Repository(), "test/field", name);

    /// <summary>Returns the folder in which node_modules lies.</summary>
    public static async Task<string> InstallAsync(string name)
    {
        var installed = Path.Combine(FieldDirectory.Repository(), ".cache", name);
        var wanted = Path.Combine(Scripts(name), "package.json");
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
            var (code, said) = await ChildProcess.RunAsync(
                "/usr/bin/npm", "install", "--prefix", installed, "--omit=optional", "--ignore-scripts", "--no-audit",
                "--no-fund", "--no-package-lock");
            if (code != 0)
            {
                throw new InvalidOperationException(
                    $"npm could not install what test/field/{name} needs: this machine needs a package registry once, "
                    + $"after that .cache/{name} suffices. npm said:\n{said}");
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
