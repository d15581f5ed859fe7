using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Audit;

namespace Sluice.Fuzz.Identities;

/// <summary>What checks an audit log: the product's, or one that is wrong on purpose.</summary>
public delegate AuditVerdict AuditChecker(AuditLog log, string? known);

/// <summary>
/// Audit logs that somebody had a hand in, judged with the head that the MES has. Only a whole log is one, and one
/// whose last line a power cut tore; also after the next line was written.
/// </summary>
public sealed class AuditTarget(string name, AuditChecker checker)
    : IdentityTarget(name, "Whole", "Altered", "Rewritten")
{
    private const string File = AuditLog.Folder + "/000001.log";
    private const string Head = AuditLog.Folder + "/head";
    private const int Lines = 12;

    private static readonly (byte[] Log, byte[] Head) Valid = Make();
    private static readonly string Known = Encoding.ASCII.GetString(Valid.Head).Trim();

    private byte[] head = Valid.Head;
    private bool isRewritten;

    public override int Cost => 30;

    protected override byte[] Make(ref Dice dice)
    {
        (head, isRewritten) = (Valid.Head, false);
        switch (dice.Below(6))
        {
            case 0:
                return Valid.Log;
            case 1:
                // What a power cut leaves: half a line behind the whole ones.
                return [.. Valid.Log, .. Valid.Log.AsSpan(0, dice.Below(100))];
            case 2:
                head = Damage.To(ref dice, Valid.Head);
                return Valid.Log;
            case 3:
                isRewritten = true;
                return Rewrite(ref dice);
            default:
                return Damage.To(ref dice, Valid.Log);
        }
    }

    protected override int Judge(byte[] input)
    {
        var disk = new SimulatedIdentityDisk();
        disk.MakeFolder(AuditLog.Folder);
        disk.Write(File, input, isSecret: false);
        disk.Write(Head, head, isSecret: false);
        var log = new AuditLog(disk);
        Holds(log.Newest(50).Count <= Lines + 20, "more lines were read than there are", input);
        var isWhole = WholeLines(input).SequenceEqual(Valid.Log)
            && Encoding.ASCII.GetString(head).Trim() == Known;
        Hold(isWhole, checker(log, Known), input);
        Holds(!isRewritten || checker(log, null).Problems.Count == 0, "it was not rewritten well", input);

        // What was wrong stays visible when life goes on.
        log.Append(Entry(99));
        Hold(isWhole, checker(log, Known), input);
        return isWhole ? 0 : isRewritten ? 2 : 1;
    }

    private static void Hold(bool isWhole, AuditVerdict verdict, byte[] input) => Holds(
        isWhole == (verdict.Problems.Count == 0),
        isWhole ? $"a whole log does not fit: {string.Join(" ", verdict.Problems)}" : "an altered log fits", input);

    private static ReadOnlySpan<byte> WholeLines(ReadOnlySpan<byte> log) => log[..(log.LastIndexOf((byte)'\n') + 1)];

    /// <summary>By somebody who knows how: one line says something else, and all later ones fit to it.</summary>
    private byte[] Rewrite(ref Dice dice)
    {
        var lines = Encoding.UTF8.GetString(Valid.Log).TrimEnd('\n').Split('\n');
        var from = dice.Below(Lines);
        lines[from] = lines[from].Replace("Nothing special", "Nothing at all", StringComparison.Ordinal);
        for (var at = from; at < Lines; at++)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines[at])));
            if (at + 1 < Lines)
            {
                var previous = lines[at + 1].IndexOf("\"prev\":\"", StringComparison.Ordinal) + 8;
                lines[at + 1] = string.Concat(lines[at + 1].AsSpan(0, previous), hash, "\"}");
            }
            else
            {
                head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Lines} {hash}\n"));
            }
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
    }

    private static (byte[] Log, byte[] Head) Make()
    {
        var disk = new SimulatedIdentityDisk();
        var log = new AuditLog(disk);
        for (var line = 0; line < Lines; line++)
        {
            log.Append(Entry(line));
        }

        return (disk.Read(File, int.MaxValue)!, disk.Read(Head, int.MaxValue)!);
    }

    private static AuditEntry Entry(int minute) => new(
        DateTimeOffset.UnixEpoch.AddMinutes(minute), "set", "anna", "/dev/pts/0", "import", "done", "4A", "4B",
        "Nothing special.");
}
