namespace Sluice.Agent.Enrolment.Sticks;

/// <summary>
/// The folder <c>sluice</c> of a stick that anybody may have written: the seam by which a test pulls it out, fills it
/// up or puts on it what an enemy would. Names are those of files directly in the folder. Nothing throws: a stick that
/// fails is a sentence. Two implementations: a real folder, and one in memory.
/// </summary>
internal interface IStick
{
    /// <summary>What can still be written; 0 where the stick does not say.</summary>
    long FreeBytes { get; }

    /// <summary>A plain file of at most so many bytes. No link is followed, no pipe or device is opened.</summary>
    StickFile Read(string name, int bytesMax);

    /// <summary>
    /// Writes a file whole: beside its name, synced, renamed, the folder synced. Null, or why it is not there.
    /// </summary>
    string? Write(string name, ReadOnlySpan<byte> bytes);

    /// <summary>Gives a file another name, durably. Null, or why it still has the old one.</summary>
    string? Rename(string from, string to);

    /// <summary>
    /// Overwrites a file and takes it away, durably as far as the medium says. Null, or why it is still there. Flash
    /// writes elsewhere than where it read: what was overwritten may be found by who takes the chips apart.
    /// </summary>
    string? Remove(string name);

    /// <summary>Names in the folder, in no order, at most so many of them.</summary>
    IReadOnlyList<string> Names(int countMax);
}

/// <param name="Bytes">What stands in it; null where there is no such file, or a problem.</param>
/// <param name="Problem">Why it is not read although something is there; null where there is none.</param>
internal readonly record struct StickFile(byte[]? Bytes, string? Problem);
