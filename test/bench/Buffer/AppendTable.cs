using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// As many readings as go in, with a commit each interval or when as many wait as the agent lets wait; and how long a
/// commit takes, in general and while a full journal is being sealed.
/// </summary>
internal static class AppendTable
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(3);

    public static void Print(string directory, TextWriter output, TimeProvider clock)
    {
        var table = new Table(
            output, "Append, as fast as it goes for 3 s (SQLite: one row a reading)",
            "commit every", "plain file", "buffer", "SQLite", "buffer to plain", "buffer to SQLite");
        foreach (var milliseconds in new[] { 50, 250, 1000 })
        {
            var every = TimeSpan.FromMilliseconds(milliseconds);
            var plain = AppendLoop.Run(new PlainFile(Kernel.Empty(directory, "plain")), every, Each, clock);
            var store = new SluiceStore(Kernel.Empty(directory, "store"), sealsBesides: true);
            var buffer = AppendLoop.Run(store, every, Each, clock);
            var sqlite = AppendLoop.Run(new SqliteStore(Kernel.Empty(directory, "sqlite")), every, Each, clock);
            table.Row(
                $"{milliseconds} ms", $"{plain / 1e6:F2} M/s", $"{buffer / 1e6:F2} M/s", $"{sqlite / 1e6:F2} M/s",
                $"{buffer / plain:F2}", $"{buffer / sqlite:F1}");
        }

        table.Print();
        Stall(directory, output, clock);
    }

    private static void Stall(string directory, TextWriter output, TimeProvider clock)
    {
        var table = new Table(
            output, "How long a commit of 1,000 readings takes, ms",
            "sealing", "commits", "p50", "p99", "max", "while sealing: commits", "p99", "max");
        foreach (var besides in new[] { false, true })
        {
            var (all, some) = Latencies(new SluiceStore(Kernel.Empty(directory, "store"), besides), clock);
            table.Row(
                $"{(besides ? "beside the commits" : "in a commit")}", $"{all.Count}", $"{At(all, 0.5):F1}",
                $"{At(all, 0.99):F1}", $"{At(all, 1):F1}", $"{some.Count}", $"{At(some, 0.99):F1}",
                $"{At(some, 1):F1}");
        }

        table.Print();
    }

    private static (List<double> All, List<double> WhileSealing) Latencies(SluiceStore store, TimeProvider clock)
    {
        const int commits = 3000;
        var pace = TimeSpan.FromMilliseconds(1);
        using (store)
        {
            List<double> all = [], some = [];
            var readings = new Reading[1000];
            for (var commit = 0; commit < commits; commit++)
            {
                BenchReadings.Fill(readings, commit * 1000L);
                store.Append(readings);
                var start = clock.GetTimestamp();
                store.Commit();
                var took = clock.GetElapsedTime(start).TotalMilliseconds;
                all.Add(took);
                if (store.IsSealing)
                {
                    some.Add(took);
                }

                // Not so fast that the journals are full before a segment can be built: nothing reports like that.
                Thread.Sleep(pace);
            }

            all.Sort();
            some.Sort();
            return (all, some);
        }
    }

    private static double At(List<double> sorted, double share) =>
        sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];
}
