namespace Sluice.Provisioning.Audit;

/// <summary>
/// What the user of this process is called; its number where nobody gave it a name, as in a container: .NET throws
/// there, and a program that ends because its user has no name helps nobody.
/// </summary>
public static class ProcessUser
{
    public static string Name
    {
        get
        {
            try
            {
#pragma warning disable RS0030 // The one place that knows what to do where it throws.
                return Environment.UserName;
#pragma warning restore RS0030
            }
            catch (IOException)
            {
                return $"user {Number()}";
            }
        }
    }

    /// <summary>As the kernel says it: proc(5), status.</summary>
    private static string Number() => File.ReadLines("/proc/self/status")
        .FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal))?
        .Split('\t', StringSplitOptions.RemoveEmptyEntries)[1] ?? "unknown";
}
