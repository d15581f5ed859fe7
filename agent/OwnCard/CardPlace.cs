using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;
using Sluice.Provisioning.Labels;

namespace Sluice.Agent.OwnCard;

/// <summary>
/// Where what is taken from the card goes: the folder of the configuration, and those that the network and the time
/// service read. Each file is replaced in one step and gateway.json last; a power cut in between leaves some new and
/// some old, and the next start, which finds the card as it was, writes the rest before anything reads them. Called by
/// one verb.
/// </summary>
internal sealed class CardPlace(string configuration, string state)
{
    private const string TimeFile = "10-sluice.conf";

    private string Networks => Path.Combine(state, "network");

    private string Times => Path.Combine(state, "time");

    /// <summary>Whether all of it is there already.</summary>
    public bool Has(CardContents contents) => All(contents).All(each => Same(each.Key, each.Value))
        && Odd(contents).Count == 0;

    /// <summary>Null, or why not all of it is there.</summary>
    public string? Take(CardContents contents)
    {
        foreach (var (path, bytes) in All(contents).Where(each => !Same(each.Key, each.Value)))
        {
            if (SafeFile.Replace(path, bytes) is { } problem)
            {
                return problem;
            }
        }

        try
        {
            Odd(contents).ForEach(File.Delete);
            return null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return $"An address from before stays: {world.Message}";
        }
    }

    /// <summary>
    /// Takes away what came from the card, but for the configuration and its lists. Null, or why something is left.
    /// </summary>
    public string? Empty()
    {
        try
        {
            string[] own = [Path.Combine(Times, TimeFile), Path.Combine(configuration, CardContents.NameFile),
                Path.Combine(configuration, SiteToken.FileName)];
            foreach (var path in own.Concat(Units()).Where(File.Exists))
            {
                File.Delete(path);
            }

            return null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return world.Message;
        }
    }

    /// <summary>In the order in which they are written.</summary>
    private IEnumerable<KeyValuePair<string, byte[]>> All(CardContents contents) =>
    [
        .. contents.Units.Select(unit => KeyValuePair.Create(Path.Combine(Networks, unit.Key), unit.Value)),
        KeyValuePair.Create(Path.Combine(Times, TimeFile), contents.Time),
        .. contents.Files.Select(file => KeyValuePair.Create(Path.Combine(configuration, file.Key), file.Value)),
    ];

    /// <summary>Units of an older table.</summary>
    private List<string> Odd(CardContents contents) =>
        [.. Units().Where(path => contents.Units.All(unit => unit.Key != Path.GetFileName(path)))];

    private IEnumerable<string> Units() => !Directory.Exists(Networks) ? []
        : Directory.EnumerateFiles(Networks, NetworkTable.UnitBeginning + "*");

    private static bool Same(string path, byte[] bytes) =>
        ConfigurationLoader.TryRead(path, out var there, out _) && there.AsSpan().SequenceEqual(bytes);
}
