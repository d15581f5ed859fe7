using Sluice.Agent.Buffering.Loop;
using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// As many readings as go in, with a commit each interval or when as many wait as the agent lets wait.
/// </summary>
internal static class AppendLoop
{
    private const int Batch = 500;

    /// <returns>Readings a second.</returns>
    public static double Run(IContestant contestant, TimeSpan commitEvery, TimeSpan lasting, TimeProvider clock)
    {
        using (contestant)
        {
            var readings = new Reading[Batch];
            var (number, waiting) = (0L, 0);
            var start = clock.GetTimestamp();
            var committed = start;
            while (clock.GetElapsedTime(start) < lasting)
            {
                BenchReadings.Fill(readings, number);
                contestant.Append(readings);
                number += Batch;
                waiting += Batch;
                if (waiting >= BufferWork.UncommittedMax || clock.GetElapsedTime(committed) >= commitEvery)
                {
                    contestant.Commit();
                    waiting = 0;
                    committed = clock.GetTimestamp();
                }
            }

            contestant.Commit();
            return number / clock.GetElapsedTime(start).TotalSeconds;
        }
    }
}
