using Sluice.Agent.Updating.Files;

namespace Sluice.Agent.Updating.Slots;

/// <summary>
/// Where the two slots lie: boot entries and kernels on the boot partition, a root partition for each. What a call did
/// is durable when it returns. Every call may throw IOException or UnauthorizedAccessException.
/// </summary>
internal interface IUpdatePlace
{
    /// <summary>How much an image of the system may be.</summary>
    long RootBytes(Slot slot);

    /// <summary>Names of the files among which the loader looks for entries.</summary>
    IReadOnlyList<string> Entries();

    void RemoveEntry(string name);

    void WriteEntry(string name, string text);

    void RenameEntry(string from, string to);

    /// <summary>Begins a part of the slot anew: what was there is gone.</summary>
    IPartWriter Write(Slot slot, UpdatePart part);

    /// <summary>SHA-256 of what the medium holds of a part, read from there and not from memory.</summary>
    string Digest(Slot slot, UpdatePart part, CancellationToken cancellationToken);
}

/// <summary>One part that is being written.</summary>
internal interface IPartWriter : IDisposable
{
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>All of it is on the medium.</summary>
    void Finish();
}
