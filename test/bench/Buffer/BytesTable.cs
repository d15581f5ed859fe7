using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// What a reading costs the flash, by how many of them share a commit: bytes that went to the device, and syncs.
/// </summary>
internal static class BytesTable
{
    private const double RatioMax = 1.6;

    public static void Print(string directory, TextWriter output)
    {
        var table = new Table(
            output, "Bytes on the device per reading (/proc/self/io), sealing included; syncs per reading (calls)",
            "readings/commit", "commits", "plain file", "buffer", "ratio", "SQLite", "plain syncs", "buffer syncs");
        var worst = 0.0;
        foreach (var (perCommit, commits) in new[] { (1, 1200), (10, 1200), (100, 1200), (500, 2400), (1000, 2400) })
        {
            var readings = (double)perCommit * commits;
            var (plain, plainSyncs) = Measure(
                new PlainFile(Kernel.Empty(directory, "plain")), perCommit, commits);
            var (buffer, bufferSyncs) = Measure(
                new SluiceStore(Kernel.Empty(directory, "store"), sealsBesides: true), perCommit, commits);
            var some = Math.Min(commits, 300);
            var (sqlite, _) = Measure(new SqliteStore(Kernel.Empty(directory, "sqlite")), perCommit, some);
            var ratio = buffer / plain;
            worst = Math.Max(worst, ratio);
            table.Row(
                $"{perCommit}", $"{commits}", $"{plain / readings:F2}", $"{buffer / readings:F2}", $"{ratio:F2}",
                $"{sqlite / perCommit / some:F1}", $"{plainSyncs / readings:F4}", $"{bufferSyncs / readings:F4}");
        }

        table.Print();
        Table.Verdict(output, $"at most {worst:F2} times a plain file", $"{RatioMax}", worst <= RatioMax);
    }

    private static (double Bytes, long Syncs) Measure(IContestant contestant, int perCommit, int commits)
    {
        using (contestant)
        {
            var readings = new Reading[perCommit];
            var before = Kernel.WrittenBytes();
            var syncs = contestant.Syncs;
            for (var commit = 0; commit < commits; commit++)
            {
                BenchReadings.Fill(readings, (long)commit * perCommit);
                contestant.Append(readings);
                contestant.Commit();
            }

            syncs = contestant.Syncs - syncs;
            if (contestant is SluiceStore { Store: var store })
            {
                // What is under way belongs to what was stored.
                while (store.SealStep is { } step)
                {
                    step.Run();
                    store.Proceed();
                }
            }

            return (Kernel.WrittenBytes() - before, syncs);
        }
    }
}
