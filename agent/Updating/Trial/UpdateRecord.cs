using System.Text.Json;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Updating.Files;
using Sluice.Agent.Updating.Slots;

namespace Sluice.Agent.Updating.Trial;

/// <summary>How the gateway was before an update: the new version has to be as well.</summary>
/// <param name="Agent">The agent answered.</param>
/// <param name="Broker">It was connected to the broker.</param>
/// <param name="Sources">Sources of which at least one signal was not Bad.</param>
internal sealed record HealthBefore(bool Agent, bool Broker, IReadOnlyList<string> Sources);

/// <summary>
/// The latest update and how it went. Kept beside both slots, so that each version can tell what became of the other.
/// </summary>
internal sealed record UpdateRecord
{
    public const string Begun = "begun";
    public const string Written = "written";
    public const string Good = "good";
    public const string FellBack = "fell back";
    public const string Unfinished = "unfinished";

    public required string Version { get; init; }

    public required string From { get; init; }

    /// <summary>The slot that it was written to.</summary>
    public required char Slot { get; init; }

    /// <summary>Which update: <see cref="UpdateFile.Digest"/>.</summary>
    public required string Digest { get; init; }

    /// <summary>When it was begun, by the gateway's clock.</summary>
    public required DateTime At { get; init; }

    public required HealthBefore Before { get; init; }

    public required string State { get; init; }

    /// <summary>The last word of its trial.</summary>
    public string Said { get; init; } = "";

    public bool IsOpen => State is Begun or Written;

    /// <summary>The record, or null where there was no update, or what is there is no record.</summary>
    public static UpdateRecord? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), UpdateJson.Default.UpdateRecord);
        }
        catch (Exception none) when (none is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Keeps it, durably. Throws IOException.</summary>
    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (SafeFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(this, UpdateJson.Default.UpdateRecord)) is
            { } problem)
        {
            throw new IOException(problem);
        }
    }
}
