using System.Security.Cryptography;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Configuration.Brought;

/// <summary>
/// The configuration that counts: the file, or what a bundle brought in its place, which lies with the identity in use
/// and is switched with it, in the same rename. What was brought counts over the file that it was laid over and no
/// other: whoever changes the file wants the change. What this version of the agent refuses does not count either.
/// </summary>
/// <param name="Loaded">What counts, and what there is to tell.</param>
/// <param name="Own">The file's; null where that is refused, and then nothing that was brought is looked at.</param>
internal sealed record ConfigurationInForce(LoadResult Loaded, GatewayConfiguration? Own)
{
    private const string GatewayFile = "gateway.json";
    private const string AsideWords = "counts, and the configuration that came with a bundle does not";

    /// <summary>Reads from disk; never throws for what stands there.</summary>
    public static ConfigurationInForce Load(string file)
    {
        var loaded = ConfigurationLoader.Load(file);
        if (loaded.Configuration is not { } own)
        {
            return new ConfigurationInForce(loaded, null);
        }

        var (bytes, unreadable) = ReadBrought(own.Identity.Directory);
        if (bytes is null)
        {
            return new ConfigurationInForce(Aside(loaded, BroughtMark.None, file, unreadable), own);
        }

        var mark = new BroughtMark(Convert.ToHexStringLower(SHA256.HashData(bytes)), null);
        var version = VersionIn(own.Identity.Directory);
        if (BundleConfiguration.ReadFile(bytes, out var damaged) is not { } brought)
        {
            return new ConfigurationInForce(Aside(loaded, mark, file, damaged), own);
        }

        if (brought.Over != own.Hash)
        {
            return new ConfigurationInForce(Aside(loaded, mark, file, "the files here were changed since"), own);
        }

        var read = Read(brought);
        var problems = read.Problems.Concat(BroughtJudge.Differences(read.Configuration, brought, own)).ToList();
        if (read.Configuration is not { } configuration
            || problems.FirstOrDefault(problem => problem.IsError) is { } first)
        {
            return new ConfigurationInForce(
                Aside(loaded, mark, file, problems.First(problem => problem.IsError).ToString()), own);
        }

        return new ConfigurationInForce(read with
        {
            Configuration = configuration with { Brought = mark with { Version = version } },
            Problems = problems,
        }, own);
    }

    /// <summary>For whoever looks at the file: that what a bundle brought counts instead, or why it does not.</summary>
    public static IEnumerable<ConfigurationProblem> Beside(string file)
    {
        var (loaded, own) = Load(file);
        return own is null ? []
            : loaded.Configuration?.Brought.Version is { } version
            ? [new ConfigurationProblem(file, 0, 0, "", $"is not what counts: version {version} of the identity "
                + "brought another configuration, until this one is changed.", ProblemSeverity.Warning)]
            : loaded.Problems.Where(problem => problem.Sentence.StartsWith(AsideWords, StringComparison.Ordinal));
    }

    /// <summary>The same stamp as in <see cref="BroughtMark"/>, of what lies there now.</summary>
    public static string StampOf(string identityDirectory) =>
        ReadBrought(identityDirectory).Bytes is { } bytes ? Convert.ToHexStringLower(SHA256.HashData(bytes)) : "";

    /// <summary>Everything that the agent's own rules say about it.</summary>
    public static LoadResult Read(BundleConfiguration brought)
    {
        var lists = brought.Lists.ToDictionary(each => each.Key, each => each.Value, StringComparer.Ordinal);
        return ConfigurationReader.Read(new ProblemList(GatewayFile), brought.Gateway.ToArray(), name =>
            lists.TryGetValue(name, out var list)
                ? (list.ToArray(), "")
                : (null, "is not in the bundle: bring it with the configuration."));
    }

    private static LoadResult Aside(LoadResult loaded, BroughtMark mark, string file, string why) =>
        loaded with
        {
            Configuration = loaded.Configuration! with { Brought = mark },
            Problems = why.Length == 0 ? loaded.Problems :
            [
                .. loaded.Problems,
                new ConfigurationProblem(file, 0, 0, "", $"{AsideWords}: {why}. To have that one count again, bring it "
                    + "in a new bundle.", ProblemSeverity.Warning),
            ],
        };

    private static (byte[]? Bytes, string Problem) ReadBrought(string identityDirectory)
    {
        var file = Path.Combine(identityDirectory, IdentityDirectory.Current, IdentityStore.ConfigurationFile);
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > BundleConfiguration.FileBytesMax)
            {
                return (null, $"{file} is larger than it can be");
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return (bytes, "");
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return (null, world is FileNotFoundException or DirectoryNotFoundException ? "" : world.Message);
        }
    }

    private static string VersionIn(string identityDirectory) =>
        new FileInfo(Path.Combine(identityDirectory, IdentityDirectory.Current)).LinkTarget is { } target
            ? Path.GetFileName(target.TrimEnd('/'))
            : IdentityDirectory.Current;
}
