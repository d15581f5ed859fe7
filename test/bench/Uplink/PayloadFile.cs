using System.Buffers.Binary;

namespace Sluice.Bench.Uplink;

/// <summary>
/// Payloads of messages as they went over the wire, each behind its length: what the agent sent, for others to send.
/// </summary>
internal static class PayloadFile
{
    public static void Write(string path, IEnumerable<byte[]> payloads)
    {
        using var file = new BufferedStream(File.Create(path), 1 << 20);
        var length = new byte[sizeof(int)];
        foreach (var payload in payloads)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, payload.Length);
            file.Write(length);
            file.Write(payload);
        }
    }

    public static IReadOnlyList<byte[]> Read(string path)
    {
        using var file = new BufferedStream(File.OpenRead(path), 1 << 20);
        var payloads = new List<byte[]>();
        var length = new byte[sizeof(int)];
        while (file.ReadAtLeast(length, length.Length, throwOnEndOfStream: false) == length.Length)
        {
            var payload = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
            file.ReadExactly(payload);
            payloads.Add(payload);
        }

        return payloads;
    }
}
