using System.Security.Cryptography;
using Sluice.Agent.Updating.Files;
using Sluice.Agent.Updating.Slots;
using Xunit;

namespace Sluice.Fast.Updating;

internal sealed class PowerCutException : Exception;

/// <summary>Two slots in memory, whose power can be cut before each of its steps.</summary>
internal sealed class SimulatedSlots : IUpdatePlace
{
    private readonly Dictionary<string, byte[]> parts = [];

    public SimulatedSlots() => Files[BootEntry.Good(Slot.A).FileName] = "the one that runs";

    public Dictionary<string, string> Files { get; } = [];

    public int StepsLeft { get; set; } = int.MaxValue;

    public long Bytes { get; init; } = 4 << 20;

    /// <summary>The medium gives something else back than it took.</summary>
    public bool Forgets { get; init; }

    public long RootBytes(Slot slot) => Bytes;

    public IReadOnlyList<string> Entries() => [.. Files.Keys];

    public void RemoveEntry(string name)
    {
        Step();
        Assert.True(Files.Remove(name));
    }

    public void WriteEntry(string name, string text)
    {
        Files[name] = "";
        Step();
        Files[name] = text;
    }

    public void RenameEntry(string from, string to)
    {
        Step();
        Assert.True(Files.Remove(from, out var text));
        Files[to] = text!;
    }

    public IPartWriter Write(Slot slot, UpdatePart part)
    {
        Assert.Equal(Slot.B, slot);
        Step();
        parts[Key(slot, part.Name)] = [];
        return new Writer(this, Key(slot, part.Name));
    }

    public string Digest(Slot slot, UpdatePart part, CancellationToken cancellationToken) =>
        Convert.ToHexStringLower(SHA256.HashData(Forgets ? [] : parts.GetValueOrDefault(Key(slot, part.Name), [])));

    private static string Key(Slot slot, string part) => $"{slot}/{part}";

    private void Step()
    {
        if (StepsLeft-- <= 0)
        {
            throw new PowerCutException();
        }
    }

    private sealed class Writer(SimulatedSlots slots, string key) : IPartWriter
    {
        private readonly List<byte> taken = [];

        public void Append(ReadOnlySpan<byte> bytes)
        {
            slots.Step();
            taken.AddRange(bytes);
        }

        public void Finish()
        {
            slots.Step();
            slots.parts[key] = [.. taken];
        }

        public void Dispose()
        {
        }
    }
}
