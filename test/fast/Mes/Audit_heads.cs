using System.Globalization;
using System.Text;
using Sluice.Mes;
using Sluice.Mes.Database;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Audit;
using Xunit;

namespace Sluice.Fast.Mes;

/// <summary>What the receiver remembers of audit logs, and what it says when one is not what it was.</summary>
public sealed class Audit_heads : IDisposable
{
    private const string OtherRun = "0199c6f122227000800000000000000a";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-mes-").FullName;
    private readonly MesDatabase database;
    private readonly MessageWriter writer;
    private readonly SimulatedIdentityDisk disk = new();
    private int second;

    public Audit_heads()
    {
        database = MesDatabase.Open(Where);
        writer = new MessageWriter(database, "plant1");
    }

    private string Where => $"sqlite:{Path.Combine(directory, "mes.db")}";

    private AuditLog Log => new(disk);

    public void Dispose()
    {
        database.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_log_that_grows_is_remembered_and_nothing_is_found()
    {
        Live(3);
        Tell();
        Tell();
        Live(4);
        Tell(run: OtherRun);

        Assert.Equal([3, 7], AuditHeads.Of(database, Spoken.Gateway).Select(each => each.Head.Line));
        Assert.Equal((0, "fit, and hold all 2 heads"), await VerbAsync(Export(), "fit, and hold all 2 heads"));
    }

    [Fact]
    public async Task A_log_that_was_cut_off_is_an_alarm_once_and_stays_one()
    {
        Live(5);
        Tell();
        var cut = new SimulatedIdentityDisk();
        Live(2, cut);
        Tell(cut);
        Live(1, cut);
        Tell(cut);

        var finding = Assert.Single(AuditHeads.Findings(database, Spoken.Gateway));
        Assert.Contains("ended with line 5, and now it ends with line 2", finding, StringComparison.Ordinal);
        Assert.Equal((1, "ALARM"), await VerbAsync(null, "ALARM"));
    }

    [Fact]
    public void A_log_that_was_written_anew_to_the_same_length_is_found_at_once()
    {
        Live(5);
        Tell();
        var anew = new SimulatedIdentityDisk();
        Live(5, anew, "something else");
        Tell(anew);

        Assert.Contains("written anew", Assert.Single(AuditHeads.Findings(database, Spoken.Gateway)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_was_written_anew_and_grew_on_is_found_in_its_export()
    {
        Live(5);
        Tell();
        var anew = new SimulatedIdentityDisk();
        Live(9, anew, "something else");
        Tell(anew);

        Assert.Empty(AuditHeads.Findings(database, Spoken.Gateway));
        Assert.Equal((1, "line 5 is not the one"), await VerbAsync(Export(anew), "line 5 is not the one"));
    }

    [Theory]
    [InlineData("1 2 3 4 5 6 7 8", "line 9, which the gateway told, is not there")]
    [InlineData("1 2 4 5 6 7 8 9", "line 4 does not follow line 2")]
    [InlineData("1 2 4 3 5 6 7 8 9", "line 4 does not follow line 2")]
    [InlineData("", "line 9, which the gateway told, is not there")]
    public async Task Lines_that_are_missing_or_moved_in_an_export_are_found(string kept, string words)
    {
        Live(9);
        Tell();
        var lines = File.ReadAllLines(Export());
        File.WriteAllText(Path.Combine(directory, "export"), string.Concat(kept
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(number => lines[int.Parse(number, CultureInfo.InvariantCulture) - 1] + "\n")));

        Assert.Equal((1, words), await VerbAsync(Path.Combine(directory, "export"), words));
    }

    [Fact]
    public void Any_byte_of_an_export_that_was_altered_is_found()
    {
        Live(4);
        Tell();
        var whole = File.ReadAllBytes(Export());
        var known = AuditHeads.Of(database, Spoken.Gateway);
        for (var at = 0; at < whole.Length; at++)
        {
            var altered = whole.ToArray();
            altered[at] ^= 1;
            Assert.NotEmpty(AuditHeads.Compare(known, Lines(altered)));
        }

        Assert.Empty(AuditHeads.Compare(known, Lines(whole)));
    }

    [Fact]
    public void An_older_message_that_comes_late_is_no_alarm()
    {
        Live(3);
        var late = Spoken.Posture("2026-11-22T14:00:00.000Z", 0);
        Tell();
        writer.Write(Message(late, "2 " + new string('b', 64)));

        Assert.Single(AuditHeads.Of(database, Spoken.Gateway));
        Assert.Empty(AuditHeads.Findings(database, Spoken.Gateway));
    }

    private static IEnumerable<byte[]> Lines(byte[] file) =>
        Encoding.Latin1.GetString(file).Split('\n').Select(Encoding.Latin1.GetBytes).SkipLast(1);

    private static Sluice.Mes.Schemas.MesMessage Message(Sluice.Mes.Schemas.MesMessage posture, string head)
    {
        var json = Encoding.UTF8.GetString(System.Buffers.BuffersExtensions.ToArray(posture.Payload)).TrimEnd();
        var parts = head.Split(' ');
        return Spoken.Message(
            "posture", $$"""{{json[..^1]}},"audit":{"line":{{parts[0]}},"hash":"{{parts[1]}}"} }""");
    }

    private async Task<(int, string)> VerbAsync(string? export, string words)
    {
        var output = new StringWriter();
        string[] line = ["audit", "--database", Where, "--gateway", Spoken.Gateway];
        var code = await new MesCommandLine(output, TimeProvider.System).InvokeAsync(
            export is null ? line : [.. line, "--export", export], TestContext.Current.CancellationToken);
        return (code, output.ToString().Contains(words, StringComparison.Ordinal) ? words : $"{output}");
    }

    private string Export(SimulatedIdentityDisk? of = null)
    {
        var file = Path.Combine(directory, "whole");
        File.WriteAllBytes(file, [.. new AuditLog(of ?? disk).Lines()
            .SelectMany(line => (byte[])[.. line.Span, (byte)'\n'])]);
        return file;
    }

    private void Live(int lines, SimulatedIdentityDisk? on = null, string text = "something")
    {
        for (var line = 0; line < lines; line++)
        {
            new AuditLog(on ?? disk).Append(new AuditEntry(
                DateTimeOffset.UnixEpoch, "set", "anna", "none", "status", "done", "", "", text));
        }
    }

    private void Tell(SimulatedIdentityDisk? of = null, string run = Spoken.Run) => writer.Write(Message(
        Spoken.Posture($"2026-11-22T14:00:{++second:00}.000Z", 0, run), new AuditLog(of ?? disk).Head!));
}
