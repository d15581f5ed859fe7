using Sluice.Agent.Configuration.Binding;

namespace Sluice.Agent.Configuration;

/// <summary>
/// From bytes to a configuration: walk, bind, read the lists, check across, build. Pure but for the reading of lists,
/// which is handed in. Each step works on what the steps before it left, so that all problems come at once.
/// </summary>
internal static class ConfigurationReader
{
    /// <summary>
    /// Signals over all sources: what the figures in the documentation were measured up to, times ten.
    /// </summary>
    public const int SignalsMax = 20_000;

    /// <summary>Reads one signal list: its bytes, or null and the sentence that says why not.</summary>
    public delegate (byte[]? Bytes, string Problem) ListRead(string name);

    public static LoadResult Read(ProblemList problems, byte[] gateway, ListRead readList)
    {
        var lists = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var found = new List<ProblemList> { problems };
        GatewayConfiguration? built = null;
        var root = FileTree.Read(gateway, problems);
        if (root is not null)
        {
            var draft = GatewayDraftContext.Bind(root, problems);
            GatewayChecks.Check(draft, root, problems);
            var sources = ReadSources(draft, root, problems, found, lists, readList);
            if (found.TrueForAll(list => list.ErrorCount == 0))
            {
                built = GatewayBuilding.Build(draft, sources);
            }
        }

        var files = new ConfigurationFiles { Gateway = gateway, Lists = [.. lists] };
        return new LoadResult
        {
            Configuration = built is null ? null : built with { Hash = files.Hash() },
            Problems = ConfigurationProblem.Sort(found.SelectMany(list => list.All())),
            Files = files,
        };
    }

    private static List<SourceSettings> ReadSources(
        GatewayDraft draft,
        FileNode root,
        ProblemList problems,
        List<ProblemList> found,
        SortedDictionary<string, ReadOnlyMemory<byte>> lists,
        ListRead readList)
    {
        var sources = new List<SourceSettings>();
        var chips = new WatchedChips();
        foreach (var (name, source) in draft.Sources ?? [])
        {
            if (source.Signals is not { } listName)
            {
                continue;
            }

            if (!lists.TryGetValue(listName, out var bytes))
            {
                var (read, problem) = readList(listName);
                if (read is null)
                {
                    problems.Error(root.At("sources", name, "signals"), $"sources.{name}.signals", $"{listName} "
                        + $"{problem}");
                    continue;
                }

                lists.Add(listName, bytes = read);
            }

            var ofList = new ProblemList(Path.Combine(Path.GetDirectoryName(problems.File) ?? "", listName));
            var binding = new SignalListBinding(name, source);
            binding.Bind(SignalList.Read(bytes.Span, source.Kind!, ofList));
            found.Add(ofList);
            LightBinding.CheckFree(draft.Light, name, source, binding.Gpio, root, problems);
            chips.Check(name, source, binding.Gpio, root, problems);
            var guards = GuardBinding.Bind(name, source, binding, root, problems);
            if (ofList.ErrorCount == 0)
            {
                var built = GatewayBuilding.BuildSource(name, source, binding, guards);
                GatewayChecks.CheckPace(built, root, problems);
                SerialPaceChecks.Check(built, source, root, problems);
                sources.Add(built);
            }
        }

        CheckCount(sources, root, problems);
        return sources;
    }

    private static void CheckCount(List<SourceSettings> sources, FileNode root, ProblemList problems)
    {
        var count = sources.Sum(source => source.Signals.Count);
        if (count > SignalsMax)
        {
            problems.Error(root.At("sources"), "sources", string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"have {count} signals together: at most {SignalsMax} fit one gateway."));
        }
    }
}
