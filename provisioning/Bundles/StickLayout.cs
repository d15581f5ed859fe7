namespace Sluice.Provisioning.Bundles;

/// <summary>
/// What lies where on a stick, for both ends: <c>sluice/gw-042.request.pem</c>, <c>sluice/gw-042.bundle</c>; and, for a
/// stick that does its part by itself, what is ordered and what came of it.
/// </summary>
public static class StickLayout
{
    public const string Folder = "sluice";
    public const string RequestEnding = ".request.pem";
    public const string BundleEnding = ".bundle";

    /// <summary>Jobs that a person orders, one word in each line.</summary>
    public const string JobsEnding = ".jobs.txt";

    /// <summary>The same after the gateway took them: none is done twice.</summary>
    public const string JobsTakenEnding = ".jobs.taken.txt";

    public const string ReportEnding = ".report.txt";
    public const string DiagnosticsEnding = ".diagnostics.txt";

    /// <summary>What a gateway leaves that was wiped.</summary>
    public const string ReceiptEnding = ".wiped.receipt";

    /// <summary>What opens the gateway's console (Consoles/ConsoleToken.cs), and the same after it did.</summary>
    public const string ConsoleEnding = ".console";
    public const string ConsoleTakenEnding = ".console.taken";

    /// <summary>Requests that are looked at on one stick; no cabinet has more gateways.</summary>
    public const int RequestsMax = 500;

    public static string RequestOf(string stick, string gatewayId) =>
        Path.Combine(stick, Folder, gatewayId + RequestEnding);

    public static string ReceiptOf(string stick, string gatewayId) =>
        Path.Combine(stick, Folder, gatewayId + ReceiptEnding);

    public static string BundleOf(string stick, string gatewayId) =>
        Path.Combine(stick, Folder, gatewayId + BundleEnding);

    public static string ConsoleOf(string stick, string gatewayId) =>
        Path.Combine(stick, Folder, gatewayId + ConsoleEnding);

    /// <summary>A file of at most so many bytes. Null and a sentence where it cannot be read.</summary>
    public static byte[]? Read(string path, int bytesMax, out string problem)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (file.Length > bytesMax)
            {
                problem = $"{path} has {file.Length} bytes, more than it can have: it is another file";
                return null;
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            problem = "";
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = exception is FileNotFoundException or DirectoryNotFoundException
                ? $"There is no {path}"
                : $"{path} cannot be read: {exception.Message}";
            return null;
        }
    }
}
