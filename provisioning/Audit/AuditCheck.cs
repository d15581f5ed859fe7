using System.Globalization;

namespace Sluice.Provisioning.Audit;

/// <summary>What a look at the whole log found.</summary>
/// <param name="Lines">How many lines there are.</param>
/// <param name="First">The number of the first one: above 1 where older files were dropped.</param>
/// <param name="Head">Number and hash of the newest one; empty where there is none.</param>
/// <param name="Problems">What does not fit, each with file and line; empty where everything does.</param>
public sealed record AuditVerdict(long Lines, long First, string Head, IReadOnlyList<string> Problems)
{
    /// <summary>What is no sign of a hand in it, but not as it should be: a line that a power cut tore.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Walks over the lines of a log, in the order of its files. A core.</summary>
internal sealed class AuditCheck
{
    private const int ProblemsMax = 20;

    private readonly List<string> problems = [];
    private readonly List<string> notes = [];
    private readonly Dictionary<long, string> hashes = [];
    private string? hash;
    private long number;
    private long first;
    private long lines;
    private bool hasDropped;
    private string beforeLast = AuditLine.Genesis;

    /// <summary>Whole lines without their line feeds; a torn one at the end is left out.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> LinesOf(byte[] file)
    {
        var from = 0;
        while (Array.IndexOf(file, (byte)'\n', from) is var end && end >= 0)
        {
            yield return file.AsMemory(from, end - from);
            from = end + 1;
        }
    }

    public void Take(string name, byte[] file)
    {
        var at = 0;
        foreach (var bytes in LinesOf(file))
        {
            at++;
            lines++;
            Take(string.Create(CultureInfo.InvariantCulture, $"{name}:{at}"), bytes);
        }

        if (file.Length > 0 && file[^1] != (byte)'\n')
        {
            notes.Add($"{name} ends in the middle of a line: a power cut tore it before it counted.");
        }
    }

    public AuditVerdict End((long Number, string Hash)? head, string? known)
    {
        if (first > 1 && !hasDropped)
        {
            Tell($"the log begins with line {first}, and no line says that older ones were dropped: they are missing.");
        }

        if (head is null && lines > 1)
        {
            Tell("the head is missing: nobody can say whether lines were cut off at the end.");
        }
        else if (head is { } newest && !(newest.Number == number && newest.Hash == hash)
            && !(newest.Number == number - 1 && newest.Hash == beforeLast))
        {
            Tell(newest.Number > number
                ? $"the newest line was number {newest.Number}, and the log ends with {number}: lines were cut off."
                : "the newest line is not the one that was written last: it was altered.");
        }

        if (known is not null)
        {
            CheckKnown(known);
        }

        var end = hash is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{number} {hash}");
        return new AuditVerdict(lines, first, end, problems) { Notes = notes };
    }

    private void CheckKnown(string known)
    {
        if (AuditLog.ParseHead(known) is not { } noted)
        {
            Tell("the head to compare with is none: write the number and the hash, as audit verify prints them.");
        }
        else if (noted.Number < first)
        {
            notes.Add($"Line {noted.Number}, which was noted elsewhere, is older than what the log keeps.");
        }
        else if (hashes.GetValueOrDefault(noted.Number) != noted.Hash)
        {
            Tell($"line {noted.Number} is not the one that was noted elsewhere: the log was cut off or written anew.");
        }
    }

    private void Take(string where, ReadOnlyMemory<byte> bytes)
    {
        var own = AuditLine.HashOf(bytes.Span);
        if (AuditLine.Read(bytes) is not { } line)
        {
            Tell($"{where} is no line of the log: it was altered.");
            (beforeLast, hash) = (hash ?? AuditLine.Genesis, own);
            return;
        }

        if (hash is null)
        {
            first = line.Number;
            if (line.Number == 1 && line.Previous != AuditLine.Genesis)
            {
                Tell($"{where} does not begin a log: it was altered.");
            }
        }
        else if (line.Number > number + 1)
        {
            Tell($"{where}: number {line.Number} follows number {number}: lines are missing between them.");
        }
        else if (line.Number <= number)
        {
            Tell($"{where}: number {line.Number} follows number {number}: lines were moved or written twice.");
        }
        else if (line.Previous != hash)
        {
            Tell($"{where} does not follow the line before it: that one was altered.");
        }

        if (line.Broken.Length > 0)
        {
            Tell($"{where} was written when the log did not fit: {line.Broken}.");
        }

        hasDropped |= line.Entry.Verb == AuditLog.DropVerb;
        (beforeLast, hash, number) = (line.Previous, own, line.Number);
        hashes[line.Number] = own;
    }

    private void Tell(string problem)
    {
        if (problems.Count < ProblemsMax)
        {
            problems.Add(problem);
        }
    }
}
