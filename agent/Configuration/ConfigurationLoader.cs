namespace Sluice.Agent.Configuration;

/// <summary>
/// Reads gateway.json and its signal lists from disk. Called once at start and by <c>sluice-agent check</c>; whatever
/// is wrong with the files comes back as problems, never as an exception.
/// </summary>
public static class ConfigurationLoader
{
    /// <summary>
    /// Larger than any list that fits the signals allowed; a file beyond it is not what it claims to be.
    /// </summary>
    public const int FileBytesMax = 8 << 20;

    public static LoadResult Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var problems = new ProblemList(path);
        if (!TryRead(path, out var bytes, out var problem))
        {
            problems.Error(0, 0, "", problem);
            return new LoadResult { Configuration = null, Problems = problems.Problems };
        }

        var directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        return ConfigurationReader.Read(problems, bytes, name =>
            TryRead(Path.Combine(directory, name), out var list, out var wrong) ? (list, "") : (null, wrong));
    }

    /// <summary>A file of a size that a configuration can have; else the sentence that says why not.</summary>
    internal static bool TryRead(string path, out byte[] bytes, out string problem)
    {
        bytes = [];
        problem = "";
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            if (file.Length > FileBytesMax)
            {
                problem = $"is larger than {UnitText.FormatSize(FileBytesMax)}: that is not a configuration.";
                return false;
            }

            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return true;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            problem = world switch
            {
                FileNotFoundException or DirectoryNotFoundException => "is not there: check the name and the folder.",
                EndOfStreamException => "changed while it was read: try again.",
                _ when Directory.Exists(path) => "is a folder: name the file in it.",
                UnauthorizedAccessException => "may not be read by this user: check owner and mode.",
                _ => $"cannot be read: {world.Message}",
            };
            return false;
        }
    }
}
