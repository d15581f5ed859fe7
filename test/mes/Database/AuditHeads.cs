using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sluice.Mes.Schemas;

namespace Sluice.Mes.Database;

/// <param name="Number">Which one of its gateway, from 1 on, as they came.</param>
/// <param name="Head">The newest line of the log then.</param>
/// <param name="Sent">When, by the gateway's clock.</param>
public sealed record RememberedHead(long Number, LogHead Head, string Sent);

/// <summary>What is known of a gateway's audit log from outside, and what an export of it says to that.</summary>
public static class AuditHeads
{
    private const int ProblemsMax = 20;

    public static IReadOnlyList<RememberedHead> Of(MesDatabase database, string gateway) => database.Query(
        row => new RememberedHead(row.GetInt64(0), new LogHead(row.GetInt64(1), row.GetString(2)), row.GetString(3)),
        "SELECT number, line, hash, sent FROM audit_head WHERE gateway = @a ORDER BY number", gateway);

    public static IReadOnlyList<string> Gateways(MesDatabase database) => database.Query(
        row => row.GetString(0), "SELECT DISTINCT gateway FROM audit_head ORDER BY gateway");

    public static IReadOnlyList<string> Findings(MesDatabase database, string gateway) => database.Query(
        row => row.GetString(0), "SELECT text FROM audit_finding WHERE gateway = @a ORDER BY number", gateway);

    /// <summary>
    /// Compares the lines that <c>sluice-agent identity audit export</c> wrote with the heads that are remembered.
    /// Written from the contract and the log's description, not from the agent's code: a second judge.
    /// </summary>
    /// <param name="known">What is remembered.</param>
    /// <param name="export">The file, line by line.</param>
    /// <returns>What does not fit; empty where everything does.</returns>
    public static IReadOnlyList<string> Compare(IReadOnlyList<RememberedHead> known, IEnumerable<byte[]> export)
    {
        var problems = new List<string>();
        var hashes = new Dictionary<long, string>();
        var (last, before) = (0L, "");
        foreach (var line in export)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(line));
            if (Read(line) is not var (number, previous))
            {
                problems.Add($"behind line {last} stands something that is no line of a log");
                continue;
            }

            if (before.Length > 0 && (number != last + 1 || previous != before))
            {
                problems.Add($"line {number} does not follow line {last}: something was altered, left out or moved");
            }

            (last, before) = (number, hash);
            hashes[number] = hash;
        }

        var first = hashes.Count > 0 ? hashes.Keys.Min() : 1;
        problems.AddRange(known.Where(each => each.Head.Line >= first).Select(each => each.Head)
            .Where(head => hashes.GetValueOrDefault(head.Line) != head.Hash)
            .Select(head => head.Line > last
                ? $"line {head.Line}, which the gateway told, is not there; the file ends with line {last}: lines were "
                    + "cut off, or the file is older than that"
                : $"line {head.Line} is not the one that the gateway told: the log was written anew"));
        return [.. problems.Distinct().Take(ProblemsMax)];
    }

    /// <summary>How many remembered heads are older than what the file keeps.</summary>
    public static int Older(IReadOnlyList<RememberedHead> known, IReadOnlyList<byte[]> export) =>
        export.Count > 0 && Read(export[0]) is var (first, _) ? known.Count(each => each.Head.Line < first) : 0;

    private static (long Number, string Previous)? Read(byte[] line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("n", out var number) && number.TryGetInt64(out var at)
                && json.RootElement.TryGetProperty("prev", out var previous)
                && previous.ValueKind == JsonValueKind.String
                ? (at, previous.GetString()!)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>The same for a person.</summary>
internal static class AuditText
{
    /// <summary>True where nothing speaks against any log.</summary>
    public static bool Write(MesDatabase database, string? gateway, string? export, TextWriter output)
    {
        var whole = true;
        foreach (var each in gateway is null ? AuditHeads.Gateways(database) : [gateway])
        {
            var known = AuditHeads.Of(database, each);
            output.WriteLine(known.Count == 0
                ? $"{each}: no head of its audit log is known."
                : string.Create(CultureInfo.InvariantCulture,
                    $"{each}: {known.Count} heads are known, the newest is {known[^1].Head.Line} {known[^1].Head.Hash} "
                    + $"of {known[^1].Sent}."));
            foreach (var finding in AuditHeads.Findings(database, each))
            {
                whole = false;
                output.WriteLine($"  ALARM  {finding}");
            }

            if (export is not null)
            {
                whole &= WriteExport(known, export, output);
            }
        }

        return whole;
    }

    private static bool WriteExport(IReadOnlyList<RememberedHead> known, string export, TextWriter output)
    {
        var bytes = File.ReadAllBytes(export);
        var lines = new List<byte[]>();
        for (int from = 0, end; (end = Array.IndexOf(bytes, (byte)'\n', from)) >= 0; from = end + 1)
        {
            lines.Add(bytes[from..end]);
        }

        var problems = AuditHeads.Compare(known, lines);
        foreach (var problem in problems)
        {
            output.WriteLine($"  ALARM  {export}: {problem}");
        }

        var older = AuditHeads.Older(known, lines);
        output.WriteLine(problems.Count > 0
            ? $"  {export} is not the log that the gateway told of. Keep both, and tell the security officer."
            : $"  {export}: {lines.Count} lines fit, and hold all {known.Count - older} heads that they can hold.");
        return problems.Count == 0;
    }
}
