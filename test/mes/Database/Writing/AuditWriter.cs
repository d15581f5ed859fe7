using System.Globalization;
using Sluice.Mes.Schemas;

namespace Sluice.Mes.Database.Writing;

/// <summary>
/// Remembers the heads of the gateways' audit logs, and finds that one went back: nobody at the gateway can change what
/// stands here. In the transaction of its caller, for postures that are not older than the one before.
/// </summary>
internal sealed class AuditWriter(MesDatabase database)
{
    public void Write(string gateway, LogHead head, DateTime sent)
    {
        var known = AuditHeads.Of(database, gateway);
        var newest = known.Count > 0 ? known[^1] : null;
        if (newest is not null && newest.Head == head)
        {
            return;
        }

        if (newest is not null && Finding(newest, known, head) is { } finding)
        {
            database.Execute(
                "INSERT INTO audit_finding (gateway, number, text) VALUES (@a, @b, @c)", gateway, newest.Number + 1,
                string.Create(CultureInfo.InvariantCulture, $"{sent:yyyy-MM-dd HH:mm:ss}Z: {finding}"));
        }

        database.Execute(
            "INSERT INTO audit_head (gateway, number, line, hash, sent) VALUES (@a, @b, @c, @d, @e)",
            gateway, (newest?.Number ?? 0) + 1, head.Line, head.Hash, ColumnText.Of(sent));
    }

    private static string? Finding(RememberedHead newest, IReadOnlyList<RememberedHead> known, LogHead head) =>
        head.Line < newest.Head.Line
            ? $"the log ended with line {newest.Head.Line}, and now it ends with line {head.Line}: lines were cut off, "
                + "an older copy of the card runs, or another gateway has taken the name"
        : known.Any(each => each.Head.Line == head.Line && each.Head.Hash != head.Hash)
            ? $"line {head.Line} is another one than before: the log was written anew"
        : null;
}
