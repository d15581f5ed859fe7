using Sluice.Bench.Buffer;
using Sluice.Hal;

namespace Sluice.Bench.Uplink;

/// <summary>A buffer in which readings wait, made by the buffer's own code before the agent that is measured starts.
/// </summary>
internal static class Backlog
{
    public const int Readings = 1_000_000;

    public static void Fill(string directory)
    {
        Directory.CreateDirectory(directory);
        using var store = new SluiceStore(directory, sealsBesides: false);
        var readings = new Reading[1000];
        for (var number = 0; number < Readings; number += readings.Length)
        {
            BenchReadings.Fill(readings, number);
            store.Append(readings);
            store.Commit();
        }
    }
}
