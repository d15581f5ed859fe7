using System.Buffers.Binary;

namespace Sluice.Provisioning.Keys;

/// <summary>A command to a TPM 2.0, big-endian, byte by byte (TPM 2.0 Library, parts 2 and 3). A core.</summary>
internal sealed class TpmCommand
{
    private const ushort WithoutSessions = 0x8001;
    private const ushort WithSessions = 0x8002;
    private const uint PasswordSession = 0x40000009;

    private readonly List<byte> bytes = [];

    /// <param name="code">TPM_CC of the command.</param>
    /// <param name="isAuthorized">Its first handle is used with an empty password.</param>
    /// <param name="handles">Its handle area.</param>
    public TpmCommand(uint code, bool isAuthorized, params ReadOnlySpan<uint> handles)
    {
        Add16(isAuthorized ? WithSessions : WithoutSessions).Add32(0).Add32(code);
        foreach (var handle in handles)
        {
            Add32(handle);
        }

        if (isAuthorized)
        {
            // The session's size, its handle, no nonce, no attributes, no password.
            Add32(9).Add32(PasswordSession).Add16(0).Add8(0).Add16(0);
        }
    }

    public TpmCommand Add8(byte value)
    {
        bytes.Add(value);
        return this;
    }

    public TpmCommand Add16(ushort value) => Add8((byte)(value >> 8)).Add8((byte)value);

    public TpmCommand Add32(uint value) => Add16((ushort)(value >> 16)).Add16((ushort)value);

    /// <summary>A TPM2B: its length, then its bytes.</summary>
    public TpmCommand AddSized(ReadOnlySpan<byte> value)
    {
        Add16(checked((ushort)value.Length));
        bytes.AddRange(value);
        return this;
    }

    public byte[] ToArray()
    {
        var whole = bytes.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(whole.AsSpan(2), whole.Length);
        return whole;
    }
}

/// <summary>Takes a response of a TPM apart. What it says too little or too much of is an exception. A core.</summary>
internal ref struct TpmResponse
{
    private const int HeaderBytes = 10;

    private ReadOnlySpan<byte> rest;

    private TpmResponse(ReadOnlySpan<byte> rest, uint code)
    {
        this.rest = rest;
        Code = code;
    }

    /// <summary>TPM_RC: 0 where it was done.</summary>
    public uint Code { get; }

    /// <exception cref="TpmException">It is no response.</exception>
    public static TpmResponse Of(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderBytes && BinaryPrimitives.ReadInt32BigEndian(bytes[2..]) == bytes.Length
            ? new TpmResponse(bytes[HeaderBytes..], BinaryPrimitives.ReadUInt32BigEndian(bytes[6..]))
            : throw Damaged();

    /// <summary>A part of a response.</summary>
    public static TpmResponse OfArea(ReadOnlySpan<byte> bytes) => new(bytes, 0);

    public byte Take8() => Take(1)[0];

    public ushort Take16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint Take32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ReadOnlySpan<byte> TakeSized() => Take(Take16());

    public static TpmException Damaged() => new(
        "the TPM gave an answer that nobody can read",
        "start the gateway anew; where it stays so, the board is broken");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            throw Damaged();
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
