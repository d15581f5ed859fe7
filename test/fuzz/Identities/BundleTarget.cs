using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;

namespace Sluice.Fuzz.Identities;

/// <summary>What judges a bundle: the product's, or one that is wrong on purpose.</summary>
public delegate BundleVerdict BundleParser(ReadOnlyMemory<byte> bytes, BundleExpectation expected);

/// <summary>
/// Bundles that were damaged on their way, and bundles that were made wrong and signed by the one who may. Of the first
/// only those are taken whose signed bytes nobody touched; of the others only those that bring this gateway's own
/// certificate, as it was signed, and not the one that was revoked.
/// </summary>
public sealed class BundleTarget(string name, BundleParser parser)
    : IdentityTarget(name, [.. Enum.GetValues<BundleRefusal>().Select(each => each == 0 ? "Taken" : $"{each}")])
{
    private static readonly FuzzPlant Plant = FuzzPlant.One;
    private static readonly byte[] Whole = Plant.Seal(Plant.Good.Write());
    private static readonly byte[] Payload = Plant.Good.Write();
    private static readonly byte[] Strangers = MakeStrangers();
    private static readonly int SignedBytes = FuzzPlant.SignedBytesOf(Whole);

    private bool isFirst;
    private bool isResigned;

    public override int Cost => 200;

    protected override byte[] Make(ref Dice dice)
    {
        isFirst = dice.Below(4) == 0;
        isResigned = false;
        switch (dice.Below(8))
        {
            case 0 or 1:
                return Whole;
            case 2 when dice.Below(2) == 0:
                // Somebody else under the same names, and a gateway that signs for another one.
                return dice.Below(2) == 0 ? Strangers : Plant.SealByLeaf(Payload);
            case 2:
                return [.. Whole.AsSpan(0, dice.Below(9)), .. Damage.Noise(ref dice, 600)];
            case 3 or 4:
                return Damage.To(ref dice, Whole);
            case 5:
                isResigned = true;
                return Plant.Seal(Damage.To(ref dice, Payload));
            default:
                isResigned = true;
                return Plant.Seal(Otherwise(ref dice).Write());
        }
    }

    protected override int Judge(byte[] input)
    {
        var verdict = parser(input, new BundleExpectation
        {
            GatewayId = FuzzPlant.Gateway,
            Site = FuzzPlant.Site,
            VersionMax = FuzzPlant.VersionMax,
            Pinned = isFirst ? null : Plant.Trust,
            ConfirmsRoot = root => root.RawData.AsSpan().SequenceEqual(Plant.Root.RawData),
            HasKeyOf = certificate => Fingerprint.OfKey(certificate) is var key
                && (key == Fingerprint.OfKey(Plant.Leaf.Leaf) || key == Fingerprint.OfKey(Plant.RevokedLeaf.Leaf)),
            Time = ValidityTime.Of(
                TimeProvider.System.GetUtcNow(), isClockSet: true, DateTimeOffset.UnixEpoch, null, null),
        });
        if (!verdict.IsTaken)
        {
            Holds(verdict.Happened.Length > 0 && verdict.Do.Length > 0, "it was refused without a word", input);
            Holds(!input.AsSpan().SequenceEqual(Whole), $"the right one was refused: {verdict.Happened}", input);
            return (int)verdict.Refusal;
        }

        Holds(isResigned || input.AsSpan().StartsWith(Whole.AsSpan(0, SignedBytes)),
            "it was taken, and its signed bytes are not those that were signed", input);
        var content = verdict.Content!;
        Holds(content is { Gateway: FuzzPlant.Gateway, Site: FuzzPlant.Site, Version: > FuzzPlant.VersionMax },
            "it was taken, and is for another one", input);
        var own = Der.SignedPart(content.Chain[0]);
        Holds(own.SequenceEqual(Der.SignedPart(Plant.Leaf.Leaf.RawData)),
            own.SequenceEqual(Der.SignedPart(Plant.RevokedLeaf.Leaf.RawData))
                ? "a revoked certificate was taken" : "a certificate was taken that the CA did not sign", input);
        Holds(content.Roots.Any(root => Der.SignedPart(root).SequenceEqual(Der.SignedPart(Plant.Root.RawData))),
            "it was taken, and no later one could follow: its root is not among the roots", input);
        Holds(content.Configuration is null || (content.Configuration.Lists.Count <= BundleConfiguration.ListsMax
            && content.Configuration.Lists.All(list => !Path.IsPathRooted(list.Key) && !list.Key.Contains("..")
                && list.Value.Length <= BundleConfiguration.BytesMax)),
            "it was taken, and a signal list in it would lie somewhere else", input);
        return 0;
    }

    /// <summary>The right content with something else in one place, or with what was revoked.</summary>
    private static BundleContent Otherwise(ref Dice dice)
    {
        var good = Plant.Good;
        return dice.Below(9) switch
        {
            0 => good with { Chain = Damage.OneOf(ref dice, good.Chain) },
            1 => good with { Roots = Damage.OneOf(ref dice, good.Roots) },
            2 => good with { RevocationLists = Damage.OneOf(ref dice, good.RevocationLists) },
            3 => good with { Gateway = "gw-043" },
            4 => good with { Site = "plant2" },
            5 => good with { Version = dice.Below(12) },
            6 => good with { Made = good.Made.AddDays(dice.Below(20_000) - 10_000) },
            7 => good with { NotBefore = good.NotBefore.AddDays(dice.Below(20_000) - 10_000) },
            _ => Plant.Content(Plant.RevokedLeaf) with
            {
                RevocationLists = dice.Below(2) == 0 ? [.. Plant.Lists] : Damage.OneOf(ref dice, [.. Plant.Lists]),
            },
        };
    }

    private static byte[] MakeStrangers()
    {
        using var stranger = new FuzzPlant();
        return stranger.Seal((Plant.Good with { Roots = [Plant.Root.RawData, stranger.Root.RawData] }).Write());
    }
}
