using System.Text;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Provisioning;

public sealed class AuditLogTests
{
    private const string First = "audit/000001.log";

    private readonly SimulatedIdentityDisk disk = new();

    private AuditLog Log => new(disk);

    [Fact]
    public void A_log_that_nobody_touched_is_whole_and_says_its_head()
    {
        Write(5);

        var verdict = Log.Check(null);

        Assert.Empty(verdict.Problems);
        Assert.Equal((5, 1, Log.Head), (verdict.Lines, verdict.First, verdict.Head));
        Assert.StartsWith("5 ", Log.Head, StringComparison.Ordinal);
        Assert.Equal(["did 4", "did 5"], Log.Newest(2).Select(entry => entry.Text));
    }

    [Fact]
    public void Any_byte_that_was_altered_is_found()
    {
        Write(4);
        var bytes = disk.Read(First, 1 << 20)!;
        for (var at = 0; at < bytes.Length; at++)
        {
            var altered = bytes.ToArray();
            altered[at] ^= 1;
            Put(altered);
            Assert.True(Log.Check(null).Problems.Count > 0, $"byte {at} of {bytes.Length}");
        }

        Put(bytes);
        Assert.Empty(Log.Check(null).Problems);
    }

    [Theory]
    [InlineData("2", "1 3 4 5", "missing")]
    [InlineData("first", "2 3 4 5", "missing")]
    [InlineData("last", "1 2 3 4", "cut off")]
    [InlineData("all but one", "1", "cut off")]
    [InlineData("moved", "1 3 2 4 5", "missing")]
    [InlineData("swapped at the end", "1 2 3 5 4", "missing")]
    [InlineData("twice", "1 2 2 3 4 5", "moved or written twice")]
    public void Lines_that_are_missing_moved_or_cut_off_are_found(string how, string left, string words)
    {
        Write(5);
        Keep(left);

        var problems = Log.Check(null).Problems;

        Assert.True(problems.Any(problem => problem.Contains(words, StringComparison.Ordinal)),
            $"{how}: {string.Join(' ', problems)}");
    }

    [Fact]
    public void A_log_that_was_cut_off_with_its_head_is_found_by_a_head_that_was_noted_elsewhere()
    {
        Write(5);
        var noted = Log.Head;
        var shorter = new SimulatedIdentityDisk();
        for (var i = 1; i <= 3; i++)
        {
            new AuditLog(shorter).Append(Entry(i));
        }

        Assert.Empty(new AuditLog(shorter).Check(null).Problems);
        var told = Assert.Single(new AuditLog(shorter).Check(noted).Problems);
        Assert.Contains("cut off", told, StringComparison.Ordinal);
        Write(1);
        Assert.Empty(Log.Check(noted).Problems);
    }

    [Theory]
    [InlineData("1 2 3", "was written when")]
    [InlineData("", "begins with line")]
    public void A_break_stays_visible_however_much_is_written_after_it(string left, string words)
    {
        Write(5);
        Keep(left);
        Write(20);

        Assert.Contains(Log.Check(null).Problems, problem => problem.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void A_head_that_was_taken_away_stays_visible()
    {
        Write(5);
        disk.Delete("audit/head");
        Assert.NotEmpty(Log.Check(null).Problems);
        Write(3);

        Assert.Contains("the head was missing", Assert.Single(Log.Check(null).Problems), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("suite", "world")]
    public void Rotation_keeps_the_chain_and_says_what_was_dropped()
    {
        var log = Log;
        var lines = 0;
        while (!disk.List(AuditLog.Folder).Contains("000018.log"))
        {
            log.Append(Entry(lines++));
        }

        var verdict = log.Check(null);
        Assert.Empty(verdict.Problems);
        Assert.True(verdict.First > 1000, $"{verdict.First}");
        Assert.Equal(AuditLog.FilesMax, disk.List(AuditLog.Folder).Count(name => name.EndsWith(".log")));
        disk.Delete("audit/000009.log");
        Assert.Contains(log.Check(null).Problems, problem => problem.Contains("missing", StringComparison.Ordinal));
    }

    [Fact]
    public void A_power_cut_at_any_instant_leaves_a_log_that_fits_and_every_line_that_was_acknowledged()
    {
        for (var lasts = 0; ; lasts++)
        {
            var cut = new SimulatedIdentityDisk();
            var log = new AuditLog(cut);
            log.Append(Entry(1));
            cut.PowerLastsFor = lasts;
            var written = 1 + Append(log, 2) + Append(log, 3);
            cut.PowerLastsFor = null;
            foreach (var left in cut.AfterPowerCut())
            {
                var after = new AuditLog(left);
                Assert.Empty(after.Check(null).Problems);
                Assert.InRange(after.Check(null).Lines, written, written + 1);
                after.Append(Entry(9));
                Assert.Empty(after.Check(null).Problems);
            }

            if (written == 3)
            {
                return;
            }
        }
    }

    [Fact]
    public void A_full_disk_that_takes_lines_and_not_their_head_breaks_no_chain()
    {
        Write(2);
        disk.HasNoRoomFor = name => name.EndsWith("/head.new", StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, 4), _ => Assert.Throws<IOException>(() => Write(1)));
        Assert.Empty(Log.Check(null).Problems);
        disk.HasNoRoomFor = _ => false;
        Write(2);

        Assert.Empty(Log.Check(null).Problems);
        Assert.Equal((5, "5"), (Log.Check(null).Lines, Log.Head!.Split(' ')[0]));
    }

    [Fact]
    public void A_full_disk_that_takes_half_a_line_is_told_and_mended()
    {
        Write(2);
        disk.HasNoRoomFor = name => name == First;
        Assert.All(Enumerable.Range(0, 3), _ => Assert.Throws<IOException>(() => Write(1)));
        var verdict = Log.Check(null);
        Assert.Empty(verdict.Problems);
        Assert.Contains("in the middle of a line", Assert.Single(verdict.Notes), StringComparison.Ordinal);
        disk.HasNoRoomFor = _ => false;
        Write(1);

        Assert.Equal((3, 0, 0), (Log.Check(null).Lines, Log.Check(null).Problems.Count, Log.Check(null).Notes.Count));
    }

    /// <summary>Who looked before the first line had no file to hold, and read half of what was written meanwhile.
    /// </summary>
    [Fact]
    public void The_first_line_came_while_somebody_looked_and_the_log_seemed_broken()
    {
        disk.AfterList = () => Write(1);
        Assert.Empty(Log.Lines());
        Assert.Single(Log.Lines());

        var fresh = new SimulatedIdentityDisk();
        fresh.AfterList = () => new AuditLog(fresh).Append(Entry(1));
        var verdict = new AuditLog(fresh).Check(null);
        Assert.Empty(verdict.Problems);
        Assert.Equal((0, ""), (verdict.Lines, verdict.Head));
        Assert.Equal(1, new AuditLog(fresh).Check(null).Lines);
    }

    [Fact]
    public void The_newest_entry_of_a_verb_is_found_also_in_an_older_file()
    {
        Log.Append(Entry(1) with { Verb = "start", NewSerial = "first" });
        Log.Append(Entry(2) with { Verb = "start", NewSerial = "second" });
        while (!disk.List(AuditLog.Folder).Contains("000003.log"))
        {
            Write(50);
        }

        Assert.Equal("second", Log.NewestOf("start")?.NewSerial);
        Assert.Null(Log.NewestOf("wipe"));
    }

    [Fact]
    public void What_a_file_is_called_cannot_begin_a_line_of_its_own()
    {
        Log.Append(Entry(1) with { Text = "bundle\n{\"n\":2}\u001b[2J" + new string('x', 10_000) });

        Assert.Equal(1, Log.Check(null).Lines);
        Assert.Empty(Log.Check(null).Problems);
        Assert.DoesNotContain('\u001b', Encoding.UTF8.GetString(disk.Read(First, 1 << 20)!));
    }

    private static int Append(AuditLog log, int number)
    {
        try
        {
            log.Append(Entry(number));
            return 1;
        }
        catch (IdentityPowerLostException)
        {
            return 0;
        }
    }

    private void Write(int lines)
    {
        for (var i = 0; i < lines; i++)
        {
            Log.Append(Entry(i + 1));
        }
    }

    /// <summary>Lines by their numbers, from 1.</summary>
    private void Keep(string numbers)
    {
        var lines = Encoding.UTF8.GetString(disk.Read(First, 1 << 20)!).Split('\n');
        Put(Encoding.UTF8.GetBytes(string.Concat(numbers.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(number => lines[int.Parse(number) - 1] + "\n"))));
    }

    private void Put(byte[] bytes) => disk.Write(First, bytes, isSecret: false);

    private static AuditEntry Entry(int number) => new(
        new DateTimeOffset(2026, 11, 22, 22, 0, 0, TimeSpan.Zero), "set", "anna", "/dev/tty1", "import", "done", "",
        "4F", $"did {number}");
}
