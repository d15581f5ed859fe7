using System.Text;
using Sluice.Agent.Commissioning.Lists;

namespace Sluice.Agent.OwnCard;

/// <summary>
/// On a flashed gateway the agent's user wipes what is his, and leaves this mark: the hash of the configuration that
/// has to go. It lies where he writes; the card's unit looks for it at once, and at each start before anything is
/// taken from the card.
/// </summary>
internal static class WipedMark
{
    /// <summary>packaging/image/overlay: sluice-card-wiped.path.</summary>
    public const string FileName = "configuration.wiped";

    /// <summary>What an image has and a package does not.</summary>
    public static bool IsOnOwnCard => File.Exists("/usr/lib/sluice/image/options");

    /// <summary>Null, or why it is not there.</summary>
    public static string? Leave(string stateDirectory, string hash) =>
        SafeFile.Replace(Path.Combine(stateDirectory, FileName), Encoding.ASCII.GetBytes(hash));
}
