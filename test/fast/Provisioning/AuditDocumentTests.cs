using System.Text;
using Sluice.Fast.Repository;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Audit;
using Xunit;

namespace Sluice.Fast.Provisioning;

/// <summary>provisioning/Audit/AUDIT.md is read as its reader would.</summary>
public sealed class AuditDocumentTests
{
    private static readonly string[] Blocks = RepositoryTree.Here.Files
        .Single(file => file.Path == "provisioning/Audit/AUDIT.md").Text.Split("```\n");

    private readonly SimulatedIdentityDisk disk = new();

    [Fact]
    public void The_worked_lines_are_a_log_that_fits_and_their_head_is_the_one_that_is_told()
    {
        disk.MakeFolder(AuditLog.Folder);
        disk.Write($"{AuditLog.Folder}/000001.log", Encoding.UTF8.GetBytes(Blocks[1]), isSecret: false);
        disk.Write($"{AuditLog.Folder}/head", Encoding.UTF8.GetBytes(Blocks[3]), isSecret: false);

        var verdict = new AuditLog(disk).Check(null);
        Assert.Empty(verdict.Problems);
        Assert.Equal((2, Blocks[3].Trim()), (verdict.Lines, verdict.Head));
    }

    [Fact]
    public void The_log_writes_the_worked_lines_byte_for_byte()
    {
        var log = new AuditLog(disk);
        log.Append(new AuditEntry(
            new DateTimeOffset(2026, 11, 22, 14, 0, 0, TimeSpan.Zero), "set", "anna as root", "/dev/pts/0", "activate",
            "done", "4A01", "4B02", "Version 0005 is in use."));
        log.Append(new AuditEntry(
            new DateTimeOffset(2026, 11, 22, 14, 7, 11, 250, TimeSpan.Zero), "set", "agent",
            "MQTT 0199c6f1222270008000000000000009", "ask replay", "refused", "", "",
            "Refused: UnknownStore. Nothing was changed by it."));

        Assert.Equal(Blocks[1], Encoding.UTF8.GetString(disk.Read($"{AuditLog.Folder}/000001.log", 1 << 20)!));
    }
}
