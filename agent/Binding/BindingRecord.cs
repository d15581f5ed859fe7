using System.Text;

namespace Sluice.Agent.Binding;

/// <summary>What became of an identity's binding to its machine.</summary>
internal enum BindingState : byte
{
    /// <summary>No binding was written yet.</summary>
    Unbound,

    /// <summary>The same board and storage, as far as both are known.</summary>
    Here,

    /// <summary>The same as far as can be told, and something of it cannot be told any more or was not known.</summary>
    InPart,

    /// <summary>Another board, or another storage.</summary>
    Elsewhere,
}

/// <summary>
/// <c>bound</c> in the identity directory: the machine for which the identities in it were made. A core.
/// <para>
/// Invariants: what is known on both sides and differs is another machine, whatever else fits; what is not known on one
/// side proves nothing, because a PC tells its number to root only; a record that cannot be read binds nothing.
/// </para>
/// <code>
/// board 10000000a1b2c3d4
/// storage 1b534d454231515430
/// </code>
/// A line is left out where the machine does not tell it.
/// </summary>
internal sealed record BindingRecord(MachineFacts Machine)
{
    public const string FileName = "bound";
    public const int BytesMax = 400;

    private const string BoardWord = "board ";
    private const string StorageWord = "storage ";
    private const int LettersMax = 64;

    /// <summary>Null where there is none, or nothing that says a machine.</summary>
    public static BindingRecord? Read(byte[]? bytes)
    {
        if (bytes is null)
        {
            return null;
        }

        var lines = Encoding.Latin1.GetString(bytes).Split('\n');
        var machine = new MachineFacts(Value(lines, BoardWord), Value(lines, StorageWord));
        return machine.AreKnown ? new BindingRecord(machine) : null;
    }

    public byte[] Write() => Encoding.ASCII.GetBytes(
        (Machine.Board is null ? "" : $"{BoardWord}{Machine.Board}\n")
        + (Machine.Storage is null ? "" : $"{StorageWord}{Machine.Storage}\n"));

    public static BindingState Judge(BindingRecord? bound, MachineFacts here)
    {
        if (bound is null)
        {
            return BindingState.Unbound;
        }

        var was = bound.Machine;
        return Differs(was.Board, here.Board) || Differs(was.Storage, here.Storage) ? BindingState.Elsewhere
            : was == here ? BindingState.Here
            : BindingState.InPart;
    }

    /// <summary>The same with what was not known before and is now; itself where nothing is new.</summary>
    public BindingRecord Completed(MachineFacts here) =>
        new(new MachineFacts(Machine.Board ?? here.Board, Machine.Storage ?? here.Storage));

    private static bool Differs(string? was, string? here) => was is not null && here is not null && was != here;

    private static string? Value(string[] lines, string word)
    {
        var value = lines.FirstOrDefault(line => line.StartsWith(word, StringComparison.Ordinal))?[word.Length..];
        return value is { Length: > 0 and <= LettersMax }
            && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
            ? value
            : null;
    }
}

/// <summary>What is said of an identity that was made for another machine.</summary>
internal static class BindingWords
{
    public static string Happened(BindingRecord bound, MachineFacts here) =>
        $"This identity was made for {bound.Machine.Words}, and this is {here.Words}.";

    public const string Means = "It is a copy, or the card was put into another gateway. Two gateways with one "
        + "identity would take the connection from each other, so this one does not connect; readings are kept.";

    public const string Do = "where the card was moved on purpose and the old gateway is out of service: sluice-agent "
        + "identity adopt. Where this is a spare with a copied card: sluice-agent identity init --again, and at the CA "
        + "sluice-provision replace.";

    public const string Unknown = "This machine tells neither a number of its board nor one of its storage: a copy of "
        + "this identity would not be noticed here, but only at the broker.";
}
