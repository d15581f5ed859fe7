using System.Globalization;

namespace Sluice.Field.Parts.Peers;

/// <summary>
/// libmodbus's own test programs, compiled here from the source that Debian's package brings. What they connect to
/// stands in their source: it is replaced by what a test has.
/// </summary>
internal static class LibmodbusExample
{
    /// <summary>Where the source listens, or connects to.</summary>
    public const string PortOfTheSource = "\"127.0.0.1\", 1502";

    private const string Examples = "/usr/share/doc/libmodbus-dev/examples";

    public static string Port(int port) => string.Create(CultureInfo.InvariantCulture, $"\"127.0.0.1\", {port}");

    /// <summary>Compiles one of them, and returns the program.</summary>
    public static async Task<string> CompileAsync(
        FieldDirectory directory, string name, params (string Was, string Becomes)[] changes)
    {
        var original = Path.Combine(Examples, name + ".c");
        if (!File.Exists(original))
        {
            throw new InvalidOperationException(
                $"{original} is not there: this machine drops the documentation of packages. Install it again with "
                + "apt-get install --reinstall -o 'Dpkg::Options::=--path-include=/usr/share/doc/libmodbus-dev/*' "
                + "libmodbus-dev");
        }

        var text = await File.ReadAllTextAsync(original);
        foreach (var (was, becomes) in changes)
        {
            if (!text.Contains(was, StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"{original} does not name {was} any more: look at it");
            }

            text = text.Replace(was, becomes, StringComparison.Ordinal);
        }

        var (source, program) = (directory.At(name + ".c"), directory.At(name));
        await File.WriteAllTextAsync(source, text);
        var (code, said) = await ChildProcess.RunAsync(
            "/usr/bin/gcc", $"-I{Examples}", "-I/usr/include/modbus", source, "-o", program, "-lmodbus");
        return code == 0 ? program : throw new InvalidOperationException($"gcc did not compile {original}:\n{said}");
    }
}
