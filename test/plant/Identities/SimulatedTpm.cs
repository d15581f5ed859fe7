using System.Buffers.Binary;
using System.Security.Cryptography;
using Sluice.Provisioning.Keys;

namespace Sluice.Plant.Identities;

/// <summary>
/// A TPM 2.0 in memory that understands the commands an identity sends, by their bytes: it takes each apart by itself,
/// and answers as the specification says. Keys are made from a seed of its own and the template, as a real one does;
/// places outlast everything; what is loaded does not outlast its connection.
/// </summary>
public sealed class SimulatedTpm : ITpm
{
    private const uint FirstLoaded = 0x8000_0000;
    private readonly byte[] ownSeed = SHA256.HashData("the seed of this chip"u8);

    /// <summary>What is at each place: the public area, and the private key.</summary>
    public SortedDictionary<uint, (byte[] Area, ECDsa Key)> Places { get; } = [];

    /// <summary>Whose power it has: that of the disk beside it, so that a test cuts between any two changes.</summary>
    public Action Change { get; set; } = () => { };

    /// <summary>How many keys fit.</summary>
    public int PlacesMax { get; set; } = 7;

    /// <summary>What the next commands are answered with instead: TPM_RC, then as many times.</summary>
    public (uint Code, int Times) Refuses { get; set; }

    /// <summary>There is none at all.</summary>
    public bool IsMissing { get; set; }

    /// <summary>OpenSSL's provider for it is not there.</summary>
    public bool HasNoProvider { get; set; }

    /// <summary>Connections that were not closed.</summary>
    public int Connections { get; private set; }

    /// <summary>The same chip with what is in it now, whose power is another one's.</summary>
    public SimulatedTpm Copy(Action change)
    {
        var copy = new SimulatedTpm { Change = change, PlacesMax = PlacesMax };
        foreach (var (handle, place) in Places)
        {
            copy.Places[handle] = place;
        }

        return copy;
    }

    public ITpmChannel Open()
    {
        if (IsMissing)
        {
            throw new TpmException("there is no TPM", "buy one");
        }

        Connections++;
        return new Channel(this);
    }

    public ECDsa OpenForTls(uint handle)
    {
        if (HasNoProvider)
        {
            throw new TpmException("OpenSSL's provider for the TPM is not there", "install it");
        }

        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Places[handle].Key.ExportPkcs8PrivateKey(), out _);
        return key;
    }

    private sealed class Channel(SimulatedTpm chip) : ITpmChannel
    {
        private readonly Dictionary<uint, (byte[] Area, ECDsa Key)> loaded = [];

        public byte[] Exchange(ReadOnlySpan<byte> command)
        {
            if (chip.Refuses.Times > 0)
            {
                chip.Refuses = (chip.Refuses.Code, chip.Refuses.Times - 1);
                return Answer(chip.Refuses.Code, isAuthorized: false);
            }

            if (BinaryPrimitives.ReadInt32BigEndian(command[2..]) != command.Length)
            {
                return Answer(0x142, isAuthorized: false); // TPM_RC_COMMAND_SIZE
            }

            var isAuthorized = BinaryPrimitives.ReadUInt16BigEndian(command) == 0x8002;
            var body = new Reader(command[10..].ToArray());
            return BinaryPrimitives.ReadUInt32BigEndian(command[6..]) switch
            {
                0x131 when isAuthorized => CreatePrimary(body),
                0x120 when isAuthorized => EvictControl(body),
                0x15D when isAuthorized => Sign(body),
                0x165 when !isAuthorized => Answer(loaded.Remove(body.Take32()) ? 0 : 0x1CBu, false),
                0x173 when !isAuthorized => ReadPublic(body),
                0x17A when !isAuthorized => List(body),
                _ => Answer(0x143, isAuthorized: false), // TPM_RC_COMMAND_CODE
            };
        }

        public void Dispose() => chip.Connections--;

        private byte[] CreatePrimary(Reader body)
        {
            if (body.Take32() != 0x4000_0001 || !body.TakesEmptyPassword()
                || !body.TakeSized().AsSpan().SequenceEqual(new byte[4]))
            {
                return Answer(0x9A2, false);
            }

            var template = body.TakeSized();
            var (area, key) = Make(template);
            var handle = FirstLoaded + (uint)loaded.Count;
            loaded[handle] = (area, key);
            return body.TakeSized().Length == 0 && body.Take32() == 0 && body.IsAtEnd
                ? Answer(0, true, [.. Big(handle)], [.. Sized(area), 0, 0, 0, 0, 0, 0])
                : Answer(0x142, false);
        }

        /// <summary>The same template gives the same key, on this chip and on no other.</summary>
        private (byte[] Area, ECDsa Key) Make(byte[] template)
        {
            // nistP256 takes any number below its order: one that is too large is one in 2^32.
            var secret = HMACSHA256.HashData(chip.ownSeed, template);
            secret[0] &= 0x7F;
            var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret });
            var point = key.ExportParameters(false).Q;
            var reader = new Reader(template);
            var fixedPart = reader.Take(8);
            var mark = reader.TakeSized();
            var scheme = reader.Take(10);
            byte[] expected =
                [0, 0x23, 0, 0x0B, 0, 4, 4, 0x72, 0, 0x10, 0, 0x18, 0, 0x0B, 0, 3, 0, 0x10];
            return expected.AsSpan().SequenceEqual((byte[])[.. fixedPart, .. scheme]) && mark.Length is 0 or 32
                && reader.TakeSized().Length == 32 && reader.TakeSized().Length == 32 && reader.IsAtEnd
                ? ([.. fixedPart, .. Sized(mark), .. scheme, .. Sized(Short(point.X!)), .. Sized(Short(point.Y!))], key)
                : throw new InvalidOperationException("It is not the template of a P-256 key that only signs.");
        }

        private byte[] EvictControl(Reader body)
        {
            var (hierarchy, which) = (body.Take32(), body.Take32());
            var isAllowed = body.TakesEmptyPassword() && hierarchy == 0x4000_0001;
            var place = body.Take32();
            if (!isAllowed || place is < 0x8100_0000 or >= 0x8180_0000)
            {
                return Answer(0x9A2, false);
            }

            if (which == place)
            {
                chip.Change();
                return Answer(chip.Places.Remove(place) ? 0 : 0x28Bu, true, [], []);
            }

            if (chip.Places.ContainsKey(place) || chip.Places.Count >= chip.PlacesMax)
            {
                return Answer(chip.Places.ContainsKey(place) ? 0x14Cu : 0x14Bu, false);
            }

            if (!loaded.TryGetValue(which, out var kept))
            {
                return Answer(0x28B, false);
            }

            chip.Change();
            chip.Places[place] = kept;
            return Answer(0, true, [], []);
        }

        private byte[] Sign(Reader body)
        {
            var handle = body.Take32();
            if (!body.TakesEmptyPassword() || Find(handle) is not { } found)
            {
                return Answer(0x18B, false);
            }

            var signature = found.Key.SignHash(body.TakeSized());
            return Answer(0, true, [], [0, 0x18, 0, 0x0B,
                .. Sized(Short(signature[..32])), .. Sized(Short(signature[32..]))]);
        }

        private byte[] ReadPublic(Reader body) => Find(body.Take32()) is { } found
            ? Answer(0, false, [], [.. Sized(found.Area), 0, 0, 0, 0])
            : Answer(0x18B, false);

        private byte[] List(Reader body)
        {
            var (kind, from, count) = (body.Take32(), body.Take32(), body.Take32());
            var handles = chip.Places.Keys.Where(handle => handle >= from).Take((int)count).ToList();
            return kind != 1 ? Answer(0x1C4, false) : Answer(0, false, [],
                [0, 0, 0, 0, 1, .. Big((uint)handles.Count), .. handles.SelectMany(Big)]);
        }

        private (byte[] Area, ECDsa Key)? Find(uint handle) =>
            loaded.TryGetValue(handle, out var one) || chip.Places.TryGetValue(handle, out one) ? one : null;

        private static byte[] Answer(uint code, bool isAuthorized, byte[]? handles = null, byte[]? parameters = null)
        {
            var isDone = code == 0;
            byte[] body = !isDone ? [] : !isAuthorized ? [.. handles ?? [], .. parameters ?? []]
                : [.. handles!, .. Big((uint)parameters!.Length), .. parameters, 0, 0, 0, 0, 0];
            var tag = (byte)(isDone && isAuthorized ? 2 : 1);
            return [0x80, tag, .. Big((uint)body.Length + 10), .. Big(code), .. body];
        }

        private static byte[] Big(uint value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            return bytes;
        }

        private static byte[] Sized(byte[] bytes) => [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

        /// <summary>Some chips leave zeros at the beginning away.</summary>
        private static byte[] Short(byte[] number) => [.. number.SkipWhile(each => each == 0)];
    }

    private sealed class Reader(byte[] bytes)
    {
        private int at;

        public bool IsAtEnd => at == bytes.Length;

        public byte[] Take(int count)
        {
            at += count;
            return bytes[(at - count)..at];
        }

        public uint Take32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

        public byte[] TakeSized() => Take(BinaryPrimitives.ReadUInt16BigEndian(Take(2)));

        /// <summary>The session of a password, which is empty.</summary>
        public bool TakesEmptyPassword() => Take32() == 9 && Take32() == 0x4000_0009 && Take(5).All(each => each == 0);
    }
}
