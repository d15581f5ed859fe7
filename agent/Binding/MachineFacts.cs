namespace Sluice.Agent.Binding;

/// <summary>Which machine this is, as far as it tells this user.</summary>
/// <param name="Board">The board's serial number, or null.</param>
/// <param name="Storage">The id of the card or disk on which the identity lies, or null.</param>
internal sealed record MachineFacts(string? Board, string? Storage)
{
    /// <summary>Nothing is known: a container, a virtual machine, or nobody asked.</summary>
    public static readonly MachineFacts None = new(null, null);

    public bool AreKnown => Board is not null || Storage is not null;

    /// <summary>What a copy of the storage's contents is not on any more.</summary>
    public string? Place => Storage ?? Board;

    /// <summary>For a sentence.</summary>
    public string Words => (Board, Storage) switch
    {
        (null, null) => "a machine that tells no number of its board or storage",
        (_, null) => $"board {Board}",
        (null, _) => $"storage {Storage}",
        _ => $"board {Board} with storage {Storage}",
    };

    /// <summary>This machine.</summary>
    /// <param name="directory">What lies on the storage that is meant.</param>
    /// <param name="root">Where the machine's files are: /.</param>
    public static MachineFacts Here(string directory, string root = "/") =>
        new(Binding.Board.Serial(root), StorageId.Of(directory, root));
}
