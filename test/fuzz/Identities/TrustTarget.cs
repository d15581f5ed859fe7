using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Trust;

namespace Sluice.Fuzz.Identities;

/// <summary>What judges a trust bundle: the product's, or one that is wrong on purpose.</summary>
public delegate TrustVerdict TrustParser(ReadOnlyMemory<byte> bytes, TrustExpectation expected);

/// <summary>
/// Trust bundles that were damaged on their way, or made wrong and signed by the one who may. Of the first only those
/// are taken whose signed bytes nobody touched; the others must leave this gateway under its root, and bring no root
/// that does not sign itself.
/// </summary>
public sealed class TrustTarget(string name, TrustParser parser)
    : IdentityTarget(name, ["Taken", "Known", .. Enum.GetNames<TrustRefusal>()])
{
    private static readonly FuzzPlant Plant = FuzzPlant.One;

    private static readonly TrustContent Good = new()
    {
        Site = FuzzPlant.Site,
        Version = FuzzPlant.VersionMax + 1,
        Made = TimeProvider.System.GetUtcNow(),
        Roots = [Plant.Root.RawData, FuzzPlant.NextRoot.RawData],
        RevocationLists = [.. Plant.Lists],
    };

    private static readonly byte[] Payload = Good.Write();
    private static readonly byte[] Whole = Plant.Seal(Payload, EnvelopeKind.Trust);
    private static readonly int SignedBytes = FuzzPlant.SignedBytesOf(Whole);

    private bool isResigned;

    public override int Cost => 200;

    protected override byte[] Make(ref Dice dice)
    {
        isResigned = false;
        switch (dice.Below(8))
        {
            case 0 or 1:
                return Whole;
            case 2 when dice.Below(2) == 0:
                return Plant.SealByLeaf(Payload, EnvelopeKind.Trust);
            case 2:
                return [.. Whole.AsSpan(0, dice.Below(9)), .. Damage.Noise(ref dice, 600)];
            case 3 or 4:
                return Damage.To(ref dice, Whole);
            case 5:
                isResigned = true;
                return Plant.Seal(Damage.To(ref dice, Payload), EnvelopeKind.Trust);
            default:
                isResigned = true;
                return Plant.Seal(Otherwise(ref dice).Write(), EnvelopeKind.Trust);
        }
    }

    protected override int Judge(byte[] input)
    {
        var verdict = parser(input, new TrustExpectation
        {
            Site = FuzzPlant.Site,
            VersionMax = FuzzPlant.VersionMax,
            Pinned = Plant.Trust,
            Own = [Plant.Leaf.Leaf, Plant.Issuing],
            Time = ValidityTime.Of(
                TimeProvider.System.GetUtcNow(), isClockSet: true, DateTimeOffset.UnixEpoch, null, null),
        });
        if (verdict is { IsTaken: false, IsKnown: false })
        {
            Holds(verdict.Problems.All(each => each.Happened.Length > 0 && each.Do.Length > 0),
                "it was refused without a word", input);
            Holds(!input.AsSpan().SequenceEqual(Whole), $"the right one was refused: {verdict.Sentence}", input);
            return 2 + (int)verdict.Problems[0].Refusal;
        }

        Holds(isResigned || input.AsSpan().StartsWith(Whole.AsSpan(0, SignedBytes)),
            "it was taken, and its signed bytes are not those that were signed", input);
        var content = verdict.Content!;
        Holds(content is { Site: FuzzPlant.Site, Version: >= FuzzPlant.VersionMax }
            && verdict.IsKnown == (content.Version == FuzzPlant.VersionMax), "it is for another one, or old", input);
        var roots = content.Roots.Select(root => Convert.ToHexString(Der.SignedPart(root))).ToList();
        Holds(roots.Contains(Convert.ToHexString(Der.SignedPart(Plant.Root.RawData))),
            "it was taken, and the gateway's own root is not among its roots", input);
        Holds(roots.All(root => root == Convert.ToHexString(Der.SignedPart(Plant.Root.RawData))
            || root == Convert.ToHexString(Der.SignedPart(FuzzPlant.NextRoot.RawData))),
            "a root was taken that did not sign itself", input);
        Holds(!verdict.RevokesOwn, "a certificate that nobody revoked was found revoked", input);
        return verdict.IsTaken ? 0 : 1;
    }

    private static TrustContent Otherwise(ref Dice dice) => dice.Below(6) switch
    {
        0 or 1 => Good with { Roots = Damage.OneOf(ref dice, Good.Roots) },
        2 => Good with { RevocationLists = Damage.OneOf(ref dice, Good.RevocationLists) },
        3 => Good with { Authorities = Damage.OneOf(ref dice, [Plant.Issuing.RawData]) },
        4 => Good with { Version = dice.Below(12) },
        _ => Good with { Made = Good.Made.AddDays(dice.Below(20_000) - 10_000) },
    };
}
