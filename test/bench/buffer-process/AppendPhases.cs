using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Bench.Buffer;
using Sluice.Hal;

namespace Sluice.BufferProcess;

/// <summary>As many readings as go in, with a commit each interval: how much memory that takes.</summary>
internal static class AppendPhases
{
    private const int Batch = 500;
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(3);

    public static void Run(string directory, Memory memory, TimeProvider clock)
    {
        foreach (var milliseconds in new[] { 50, 250, 1000 })
        {
            var number = Append(
                Kernel.Empty(directory, "append"), TimeSpan.FromMilliseconds(milliseconds), clock);
            memory.Note(
                $"appended, commit every {milliseconds} ms", $"{number / Each.TotalSeconds / 1e6:F2} M/s");
        }
    }

    private static long Append(string directory, TimeSpan every, TimeProvider clock)
    {
        using var store = new SluiceStore(directory, sealsBesides: true);
        var readings = new Reading[Batch];
        var (number, waiting) = (0L, 0);
        var start = clock.GetTimestamp();
        var committed = start;
        while (clock.GetElapsedTime(start) < Each)
        {
            BenchReadings.Fill(readings, number);
            store.Append(readings);
            number += Batch;
            waiting += Batch;
            if (waiting >= BufferWork.UncommittedMax || clock.GetElapsedTime(committed) >= every)
            {
                store.Commit();
                waiting = 0;
                committed = clock.GetTimestamp();
            }
        }

        store.Commit();
        return number;
    }
}
