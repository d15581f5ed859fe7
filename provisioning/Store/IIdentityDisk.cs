namespace Sluice.Provisioning.Store;

/// <summary>
/// A directory with files that must outlast a power cut. Names are relative to it, with '/'; the directory itself is
/// the empty name. Every call may throw IOException or UnauthorizedAccessException.
/// </summary>
public interface IFileDisk
{
    /// <summary>The bytes of a file, or null where there is none. Larger ones than allowed are refused.</summary>
    byte[]? Read(string name, int bytesMax);

    /// <summary>Names in a folder, in no order; none where there is no such folder.</summary>
    IReadOnlyList<string> List(string folder);

    /// <summary>Makes a folder that only the owner may enter. Its parent exists.</summary>
    void MakeFolder(string name);

    /// <summary>
    /// Makes a file of mode 0600 (a secret) or 0644 with these bytes, which are durable when this returns; its name is
    /// not before <see cref="SyncFolder"/>. What was there under the name is gone first.
    /// </summary>
    void Write(string name, ReadOnlySpan<byte> bytes, bool isSecret);

    /// <summary>Puts bytes at the end of a file, which is made if need be. Durable when this returns.</summary>
    void Append(string name, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts a file. Durable when this returns.</summary>
    void Truncate(string name, long lengthBytes);

    /// <summary>Within one folder. Replaces a file or a link in one step, never a folder.</summary>
    void Rename(string from, string to);

    /// <summary>A file or a link. No fault where there is none.</summary>
    void Delete(string name);

    /// <summary>Makes the names in a folder durable.</summary>
    void SyncFolder(string name);

    /// <summary>
    /// Holds a file of this name, which is made if need be, against every other process and handle, until it is
    /// disposed. For moments only: waits for another one, and throws IOException where that takes seconds.
    /// </summary>
    IDisposable Hold(string name);
}

/// <summary>
/// The identity directory as the store sees it: the seam by which a test cuts the power between any two steps. Names
/// are relative to the directory, with '/'; the directory itself is the empty name. Every call may throw IOException or
/// UnauthorizedAccessException. Two implementations: a real directory, and one in memory that records.
/// </summary>
public interface IIdentityDisk : IFileDisk
{
    /// <summary>Where a link leads, as it was written; null where there is no link.</summary>
    string? ReadLink(string name);

    /// <summary>True for a folder, also where a link leads to one.</summary>
    bool IsFolder(string name);

    /// <summary>Makes a symbolic link.</summary>
    void Link(string name, string target);

    /// <summary>A folder and the files in it. No fault where there is none.</summary>
    void DeleteFolder(string name);
}
