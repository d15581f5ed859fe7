using System.CommandLine;
using System.Text.Json;
using Sluice.Provisioning.Bundles;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>
/// The configuration that a bundle brings: gateway.json and the lists that it names. Looked at here is whether they
/// belong together and to the gateway; what stands in them the gateway judges, whose rules are the agent's own.
/// </summary>
internal sealed class GivenConfiguration
{
    public const string Note = "What stands in the configuration the gateway judges, before it changes anything; "
        + "sluice-agent check --files-only says the same before.";

    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 32,
    };

    public Option<string> Gateway { get; } = new("--configuration")
    {
        Description = "The gateway's new gateway.json. It counts with this bundle, and goes with a rollback.",
        HelpName = "FILE",
    };

    public Option<string[]> Lists { get; } = new("--list")
    {
        Description = "A signal list that it names, when it does not lie beside it. May be repeated.",
        HelpName = "FILE",
    };

    /// <summary>The files, or null where none were given; what is wrong is told.</summary>
    public BundleConfiguration? Read(ParseResult parsed, string gateway, string site, List<string> problems)
    {
        var given = parsed.GetValue(Lists) ?? [];
        if (parsed.GetValue(Gateway) is not { } file)
        {
            problems.AddRange(given.Take(1).Select(_ => "--list goes with --configuration."));
            return null;
        }

        if (ReadFile(file, problems) is not { } bytes || Root(file, bytes, problems) is not { } root)
        {
            return null;
        }

        foreach (var (name, expected) in new[] { ("id", gateway), ("site", site) })
        {
            if (Text(root, "gateway", name) is var found && found != expected)
            {
                problems.Add($"{file}: gateway.{name} is '{found}', and this bundle is for '{expected}'.");
            }
        }

        var lists = ReadLists(file, root, given, problems);
        if (bytes.Length + lists.Sum(each => (long)each.Value.Length) > BundleConfiguration.BytesMax
            || lists.Count > BundleConfiguration.ListsMax)
        {
            problems.Add($"{file} and its lists have more than {BundleConfiguration.BytesMax >> 20} MiB, or are more "
                + $"than {BundleConfiguration.ListsMax}.");
        }

        return new BundleConfiguration(bytes, lists);
    }

    private static List<KeyValuePair<string, ReadOnlyMemory<byte>>> ReadLists(
        string file, JsonElement root, string[] given, List<string> problems)
    {
        var names = root.TryGetProperty("sources", out var sources) && sources.ValueKind == JsonValueKind.Object
            ? sources.EnumerateObject().Select(each => Text(each.Value, "signals")).OfType<string>()
                .Distinct(StringComparer.Ordinal).ToList()
            : [];
        problems.AddRange(given.Where(each => !names.Contains(Path.GetFileName(each)))
            .Select(each => $"{each} is a list that no source of {file} names."));
        problems.AddRange(names.Where(name => !BundleConfiguration.IsListName(name))
            .Select(name => $"{file}: '{name}' is no name of a list."));
        var lists = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        foreach (var name in names.Where(BundleConfiguration.IsListName).Order(StringComparer.Ordinal))
        {
            var at = Array.Find(given, each => Path.GetFileName(each) == name)
                ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, name);
            if (ReadFile(at, problems) is { } list)
            {
                lists.Add(KeyValuePair.Create(name, (ReadOnlyMemory<byte>)list));
            }
        }

        return lists;
    }

    private static byte[]? ReadFile(string file, List<string> problems)
    {
        var bytes = StickLayout.Read(file, BundleConfiguration.BytesMax, out var problem);
        if (bytes is null)
        {
            problems.Add($"{problem}.");
        }

        return bytes;
    }

    private static JsonElement? Root(string file, byte[] bytes, List<string> problems)
    {
        try
        {
            var plain = bytes is [0xEF, 0xBB, 0xBF, ..] ? bytes.AsMemory(3) : bytes;
            using var document = JsonDocument.Parse(plain, Lenient);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document.RootElement.Clone();
            }

            problems.Add($"{file} is no configuration: it begins with no brace.");
        }
        catch (JsonException wrong)
        {
            problems.Add($"{file} cannot be read: {wrong.Message}");
        }

        return null;
    }

    private static string? Text(JsonElement from, params string[] path)
    {
        foreach (var name in path)
        {
            if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(name, out from))
            {
                return null;
            }
        }

        return from.ValueKind == JsonValueKind.String ? from.GetString() : null;
    }
}
