using System.Globalization;
using Sluice.Agent.Enrolment;
using Sluice.Provisioning.Audit;
using Xunit;

namespace Sluice.Fast.Provisioning;

/// <summary>One log on a real disk, and several who write to it at once, each by a handle of its own.</summary>
[Trait("suite", "world")]
public sealed class AuditedTogetherTests : IDisposable
{
    private const int Writers = 4;
    private const int LinesEach = 40;

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-audit-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Lines_of_several_writers_make_one_chain_and_none_is_lost()
    {
        using var go = new Barrier(Writers + 1);
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Factory.StartNew(
            () => Write(writer, go), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToList();
        go.SignalAndWait(TestContext.Current.CancellationToken);

        // Whoever looks meanwhile sees a log that fits.
        while (!writers.TrueForAll(writer => writer.IsCompleted))
        {
            Assert.Empty(new AuditLog(LinuxIdentityDisk.Beside(directory)).Check(null).Problems);
        }

        await Task.WhenAll(writers);
        var log = new AuditLog(LinuxIdentityDisk.Beside(directory));
        var verdict = log.Check(null);
        Assert.Empty(verdict.Problems);
        Assert.Equal(Writers * LinesEach, verdict.Lines);
        var told = log.Newest(1000).Select(entry => entry.Text).ToList();
        for (var writer = 0; writer < Writers; writer++)
        {
            Assert.Equal(
                Enumerable.Range(0, LinesEach).Select(line => Text(writer, line)),
                told.Where(text => text.StartsWith($"{writer}:", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_log_that_somebody_does_not_let_go_of_is_a_sentence_and_no_wait_for_ever()
    {
        var disk = LinuxIdentityDisk.Beside(directory);
        var log = new AuditLog(disk);
        log.Append(Entry("before"));
        using (disk.Hold("audit/lock"))
        {
            Assert.Throws<IOException>(() => log.Append(Entry("meanwhile")));
        }

        log.Append(Entry("after"));
        Assert.Equal(["before", "after"], log.Newest(5).Select(entry => entry.Text));
    }

    private void Write(int writer, Barrier go)
    {
        var log = new AuditLog(LinuxIdentityDisk.Beside(directory));
        go.SignalAndWait();
        for (var line = 0; line < LinesEach; line++)
        {
            log.Append(Entry(Text(writer, line)));
        }
    }

    private static string Text(int writer, int line) => string.Create(CultureInfo.InvariantCulture, $"{writer}:{line}");

    private static AuditEntry Entry(string text) => new(
        DateTimeOffset.UnixEpoch, "set", "anna", "none", "status", "done", "", "", text);
}
