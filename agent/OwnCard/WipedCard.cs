using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment.Sticks;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Labels;

namespace Sluice.Agent.OwnCard;

/// <summary>
/// What is left of a wipe on a flashed gateway: the configuration with its lists, name and addresses, here and on the
/// card that would bring them back. Another configuration than the one that was wiped is left alone, wherever it lies.
/// <para>Invariant: the gateway's own goes last and knows what the rest is called, so a power cut leaves either
/// nothing to do or all that is needed to do it.</para>
/// </summary>
/// <param name="card">The card's folder.</param>
/// <param name="file">The gateway's own configuration.</param>
/// <param name="place">Where what came from the card lies.</param>
/// <param name="clock">For the sentence that stays.</param>
internal sealed class WipedCard(IStick card, string file, CardPlace place, TimeProvider clock)
{
    /// <summary>Null, or why something is left; may be called again.</summary>
    public async Task<string?> ForgetAsync(string hash, CancellationToken cancellationToken)
    {
        var own = ConfigurationLoader.Load(file);
        if (own is not { Configuration: { } configuration, Files: { } files } || files.Hash() != hash)
        {
            return null;
        }

        var there = CardContents.Read(card, null);
        if (there.Loaded?.Files is null || there.Loaded.Files.Hash() == hash)
        {
            string[] names =
            [
                CardContents.GatewayFile, .. files.Lists.Select(list => list.Key), CardContents.NameFile,
                SiteToken.FileName, NetworkTable.FileName, configuration.Gateway.Id + StickLayout.BundleEnding,
            ];
            if (names.Where(IsThere).Select(card.Remove).FirstOrDefault(problem => problem is not null) is { } left)
            {
                return $"something is left on the card: {left}";
            }
        }

        if (place.Empty() is { } problem)
        {
            return problem;
        }

        foreach (var target in new GatewayFilesToWipe(configuration, file, "", clock, isOnOwnCard: false).After)
        {
            if (await target.Destroy(cancellationToken).ConfigureAwait(false) is { } kept)
            {
                return kept;
            }
        }

        return null;
    }

    private bool IsThere(string name) => card.Read(name, ConfigurationLoader.FileBytesMax) is not
        { Bytes: null, Problem: null };
}
