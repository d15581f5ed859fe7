using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Sluice.Provisioning.Requests;

namespace Sluice.Fuzz.Identities;

/// <summary>What reads a request: the product's, or one that is wrong on purpose.</summary>
public delegate KeyRequest? RequestParser(ReadOnlySpan<byte> bytes, out string problem);

/// <summary>
/// Requests that were damaged, and requests that somebody with the key made odd. What is taken says what its signed
/// bytes say to another reader: one name, which is a gateway's, and that key.
/// </summary>
public sealed class RequestTarget(string name, RequestParser parser)
    : IdentityTarget(name, "Taken", "Refused", "TakenOtherwise")
{
    private static readonly byte[] KeyAndRequest =
        KeyRequest.MakeKeyAndRequest(FuzzPlant.Gateway, FuzzPlant.Site);

    private static readonly KeyRequest Valid = KeyRequest.Read(KeyAndRequest, out _)!;
    private static readonly byte[] Whole = Encoding.ASCII.GetBytes(Valid.Pem);
    private static readonly byte[] Signed = Der.SignedPart(Valid.Der).ToArray();

    private bool isResigned;

    public override int Cost => 50;

    protected override byte[] Make(ref Dice dice)
    {
        isResigned = false;
        switch (dice.Below(6))
        {
            case 0:
                return Whole;
            case 1:
                return Damage.Noise(ref dice, 400);
            case 2:
                return Damage.To(ref dice, Whole);
            case 3:
                return Pem(Damage.To(ref dice, Valid.Der.Span));
            default:
                isResigned = true;
                return Pem(Sign(Damage.To(ref dice, Signed)));
        }
    }

    protected override int Judge(byte[] input)
    {
        var read = parser(input, out var problem);
        if (read is null)
        {
            Holds(problem.Length > 0, "it was refused without a word", input);
            Holds(!input.AsSpan().SequenceEqual(Whole), $"the right one was refused: {problem}", input);
            return 1;
        }

        var signed = Der.SignedPart(read.Der);
        Holds(isResigned || signed.SequenceEqual(Signed), "it was taken, and nobody signed it", input);
        Holds(KeyRequest.IsName(read.GatewayId), "its name is none", input);
        Holds(read.PublicKeyInfo.Span.SequenceEqual(Valid.PublicKeyInfo.Span),
            "it was taken, and whoever made it does not have its key", input);
        Holds(NamesIn(read.Der) is [var only] && only == read.GatewayId, "another reader finds another name", input);
        return signed.SequenceEqual(Signed) ? 0 : 2;
    }

    private static List<string> NamesIn(ReadOnlyMemory<byte> der)
    {
        var info = new AsnReader(der, AsnEncodingRules.BER).ReadSequence().ReadSequence();
        info.ReadInteger();
        return Der.CommonNames(info.ReadEncodedValue());
    }

    private static byte[] Pem(byte[] der) =>
        Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE REQUEST", der) + "\n");

    private static byte[] Sign(byte[] signed)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(Encoding.ASCII.GetString(KeyAndRequest));
        var signature = key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Der.Join(signed, Der.Algorithm(Valid.Der), signature);
    }
}
