using System.Globalization;
using System.Text;

namespace Sluice.Provisioning.Store;

/// <summary>
/// <c>good-time</c> in the identity directory: the last time at which the gateway's clock was known to be right.
/// </summary>
/// <param name="disk">The identity directory.</param>
/// <param name="fresh">
/// Put behind the name of what is written before it replaces the file: another one for the agent and for its verbs,
/// which may write at the same moment.
/// </param>
public sealed class GoodTimeFile(IIdentityDisk disk, string fresh)
{
    public const string Name = "good-time";

    private const int BytesMax = 100;

    /// <summary>Null where nothing was saved, or nothing that is a time.</summary>
    public DateTimeOffset? Read()
    {
        try
        {
            return disk.Read(Name, BytesMax) is { } bytes
                && DateTimeOffset.TryParse(Encoding.ASCII.GetString(bytes).Trim(), CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal, out var moment)
                ? moment
                : null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be read proves no time: what is certain stays the floor.
            return null;
        }
    }

    /// <summary>Durable when it returns. Throws what the disk throws.</summary>
    public void Write(DateTimeOffset moment)
    {
        var text = moment.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) + "\n";
        disk.Write(Name + fresh, Encoding.ASCII.GetBytes(text), isSecret: false);
        disk.Rename(Name + fresh, Name);
        disk.SyncFolder("");
    }
}
