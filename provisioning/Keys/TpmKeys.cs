using System.Security.Cryptography;

namespace Sluice.Provisioning.Keys;

/// <summary>
/// The few things that an identity asks of a TPM 2.0, over one connection: a P-256 key that only signs, a place for it
/// that outlasts the power, a signature, which keys there are, and to let go of one. A core on
/// <see cref="ITpmChannel"/>.
/// <para>
/// Keys are primary ones of the owner's hierarchy, each from a seed of 64 random bytes that stand in its template: the
/// TPM makes the same key again from the same seed, and nobody does without both. They never leave it, they ask for no
/// password, and wrong ones do not lock it. Their policy, which nobody can fulfil, says whose they are.
/// </para>
/// </summary>
internal sealed class TpmKeys(ITpmChannel channel)
{
    /// <summary>Where places of ours begin: in the owner's range, away from what TCG gives names to.</summary>
    public const uint FirstHandle = 0x8153_4C00;

    /// <summary>How many there are; a gateway has four or five at most.</summary>
    public const int Handles = 16;

    private const uint Owner = 0x4000_0001;
    private const uint NullHierarchy = 0x4000_0007;

    private const uint EvictControl = 0x120;
    private const uint CreatePrimary = 0x131;
    private const uint SignCommand = 0x15D;
    private const uint FlushContext = 0x165;
    private const uint ReadPublicCommand = 0x173;
    private const uint GetCapability = 0x17A;

    private const uint CapabilityHandles = 1;
    private const ushort Ecc = 0x0023;
    private const ushort Sha256 = 0x000B;
    private const ushort None = 0x0010;
    private const ushort Ecdsa = 0x0018;
    private const ushort P256 = 0x0003;
    private const ushort HashCheck = 0x8024;
    private const int FieldBytes = 32;

    /// <summary>fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, sign.</summary>
    private const uint OnlySigns = 0x0004_0472;

    // TPM_RC of part 2; those with a place have it cut off.
    private const uint Done = 0;
    private const uint Again = 0x922;
    private const uint Yielded = 0x908;
    private const uint Testing = 0x90A;
    private const uint Slow = 0x920;
    private const uint PlaceTaken = 0x14C;
    private const uint NoRoom = 0x14B;
    private const uint NoSuchHandle = 0x8B;
    private const uint WrongPassword = 0xA2;
    private const uint WrongAuthorization = 0x8E;
    private const int TriesMax = 50;

    /// <summary>Makes the key of a seed, for as long as <paramref name="use"/> runs.</summary>
    public T With<T>(byte[] seed, byte[] mark, Func<uint, byte[], T> use)
    {
        var half = seed.Length / 2;
        var template = new TpmCommand(0, isAuthorized: false); // only the body is taken
        template.Add16(Ecc).Add16(Sha256).Add32(OnlySigns).AddSized(mark)
            .Add16(None).Add16(Ecdsa).Add16(Sha256).Add16(P256).Add16(None)
            .AddSized(seed.AsSpan(0, half)).AddSized(seed.AsSpan(half));
        var answer = Ask("make a key", new TpmCommand(CreatePrimary, isAuthorized: true, Owner)
            .AddSized([0, 0, 0, 0])
            .AddSized(template.ToArray().AsSpan(10))
            .AddSized([])
            .Add32(0));
        var handle = answer.Take32();
        try
        {
            _ = answer.Take32();
            var made = Public.Of(answer.TakeSized());
            return made.KeyInfo.Length > 0 ? use(handle, made.KeyInfo) : throw TpmResponse.Damaged();
        }
        finally
        {
            Ask("let go of a key", new TpmCommand(FlushContext, isAuthorized: false).Add32(handle));
        }
    }

    /// <summary>Gives a key that was just made a place of its own, the first that is free; which one.</summary>
    public uint Keep(uint made)
    {
        var taken = List();
        for (var handle = FirstHandle; handle < FirstHandle + Handles; handle++)
        {
            if (!taken.Contains(handle)
                && Ask("keep a key", new TpmCommand(EvictControl, isAuthorized: true, Owner, made).Add32(handle),
                    PlaceTaken).Code == Done)
            {
                return handle;
            }
        }

        throw new TpmException($"all {Handles} places for keys in the TPM are taken, from "
            + $"{TpmKeyText.NameOf(FirstHandle)} on", "let go of what is not used there (tpm2_evictcontrol), or clear "
            + "the TPM in the firmware's menu");
    }

    /// <summary>Lets go of the key at a place.</summary>
    public void Evict(uint handle) => Ask(
        "let go of a key", new TpmCommand(EvictControl, isAuthorized: true, Owner, handle).Add32(handle),
        NoSuchHandle);

    /// <summary>The places in our range that hold something, ours or not.</summary>
    public IReadOnlyList<uint> List()
    {
        var answer = Ask("list its keys", new TpmCommand(GetCapability, isAuthorized: false)
            .Add32(CapabilityHandles).Add32(FirstHandle).Add32(Handles));
        _ = answer.Take8();
        _ = answer.Take32();
        var handles = new uint[Math.Min(answer.Take32(), Handles)];
        for (var each = 0; each < handles.Length; each++)
        {
            handles[each] = answer.Take32();
        }

        return [.. handles.Where(handle => handle is >= FirstHandle and < FirstHandle + Handles)];
    }

    /// <summary>What is at a place; null where nothing is.</summary>
    /// <returns>SubjectPublicKeyInfo, empty where it is no P-256 key; and the policy.</returns>
    public (byte[] KeyInfo, byte[] Mark)? ReadPublic(uint handle)
    {
        var answer = Ask("read a key", new TpmCommand(ReadPublicCommand, isAuthorized: false, handle), NoSuchHandle);
        return answer.Code == Done && Public.Of(answer.TakeSized()) is var found ? (found.KeyInfo, found.Mark) : null;
    }

    /// <summary>r and s, 32 bytes each.</summary>
    public byte[] Sign(uint handle, ReadOnlySpan<byte> digest)
    {
        var answer = Ask("sign", new TpmCommand(SignCommand, isAuthorized: true, handle)
            .AddSized(digest).Add16(None).Add16(HashCheck).Add32(NullHierarchy).AddSized([]));
        _ = answer.Take32();
        if (answer.Take16() != Ecdsa || answer.Take16() != Sha256)
        {
            throw new TpmException("the TPM signed in another way than it was asked to", "use a file for the key");
        }

        var signature = new byte[2 * FieldBytes];
        Public.Into(answer.TakeSized(), signature.AsSpan(0, FieldBytes));
        Public.Into(answer.TakeSized(), signature.AsSpan(FieldBytes));
        return signature;
    }

    /// <summary>Asks, and once more where the TPM only wants time.</summary>
    /// <param name="what">For a sentence.</param>
    /// <param name="command">What is asked.</param>
    /// <param name="expected">An answer beside "done" that the caller handles.</param>
    private TpmResponse Ask(string what, TpmCommand command, uint expected = Done)
    {
        var bytes = command.ToArray();
        for (var tries = 1; ; tries++)
        {
            var answer = TpmResponse.Of(channel.Exchange(bytes));
            var code = Plain(answer.Code);
            if (code == Done || code == expected)
            {
                return answer;
            }

            if (code is not (Again or Yielded or Testing or Slow) || tries >= TriesMax)
            {
                throw Refused(what, answer.Code);
            }
        }
    }

    /// <summary>A code that tells of one handle, session or parameter says which; here only what counts.</summary>
    private static uint Plain(uint code) => (code & 0x80) != 0 ? code & 0xBF : code;

    private static TpmException Refused(string what, uint code) => Plain(code) switch
    {
        WrongPassword or WrongAuthorization => new TpmException(
            $"the TPM does not let the agent {what}: its owner has a password", "clear the TPM in the firmware's menu, "
                + "or write \"key\": \"file\""),
        NoRoom => new TpmException($"the TPM has no room to {what}", "let go of what is not used there "
            + "(tpm2_getcap handles-persistent, tpm2_evictcontrol), or clear it in the firmware's menu"),
        _ => new TpmException($"the TPM refuses to {what} (0x{code:X3})", "start the gateway anew; where it stays so, "
            + "write \"key\": \"file\""),
    };

    /// <summary>TPMT_PUBLIC, as far as it counts here.</summary>
    private readonly record struct Public(byte[] KeyInfo, byte[] Mark)
    {
        public static Public Of(ReadOnlySpan<byte> bytes)
        {
            var area = TpmResponse.OfArea(bytes);
            var kind = area.Take16();
            _ = area.Take16();
            _ = area.Take32();
            var mark = area.TakeSized().ToArray();
            if (kind != Ecc || area.Take16() != None || area.Take16() != Ecdsa || area.Take16() != Sha256
                || area.Take16() != P256 || area.Take16() != None)
            {
                return new Public([], mark);
            }

            var point = new ECPoint { X = new byte[FieldBytes], Y = new byte[FieldBytes] };
            Into(area.TakeSized(), point.X);
            Into(area.TakeSized(), point.Y);
            try
            {
                using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
                return new Public(key.ExportSubjectPublicKeyInfo(), mark);
            }
            catch (CryptographicException)
            {
                throw TpmResponse.Damaged(); // no point of the curve
            }
        }

        /// <summary>A TPM may leave zeros at the beginning of a number away.</summary>
        public static void Into(ReadOnlySpan<byte> number, Span<byte> field)
        {
            if (number.Length > field.Length)
            {
                throw TpmResponse.Damaged();
            }

            number.CopyTo(field[(field.Length - number.Length)..]);
        }
    }
}
