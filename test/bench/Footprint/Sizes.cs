using System.Globalization;

namespace Sluice.Bench.Footprint;

/// <summary>What an installer gets and how large it is, from where <c>make dist</c> leaves it.</summary>
internal static class Sizes
{
    private static readonly (string Folder, string Pattern)[] Shipped =
    [
        ("out/linux-x64", "sluice-agent"),
        ("out/linux-arm64", "sluice-agent"),
        ("out/linux-x64", "sluice-provision"),
        ("out/linux-arm64", "sluice-provision"),
        ("out/win-x64", "sluice-provision.exe"),
        ("out/dist", "sluice-agent_*_amd64.deb"),
        ("out/dist", "sluice-agent_*_arm64.deb"),
        ("out/dist", "sluice-gateway_*_arm64.img.zst"),
    ];

    public static void Print(Action<string, string> print)
    {
        foreach (var (folder, pattern) in Shipped)
        {
            string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, pattern) : [];
            foreach (var file in files.Order(StringComparer.Ordinal))
            {
                print($"size of {Name(file)}", Of(new FileInfo(file).Length));
            }

            if (files.Length == 0)
            {
                print($"size of {Name(Path.Combine(folder, pattern))}", "not built here (make dist)");
            }
        }
    }

    public static string Of(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB");

    /// <summary>What lies beside others of the same name is called after its folder as well.</summary>
    private static string Name(string file) => file["out/".Length..].Replace("dist/", "", StringComparison.Ordinal);
}
