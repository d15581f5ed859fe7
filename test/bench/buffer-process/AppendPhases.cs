using Sluice.Bench.Buffer;

namespace Sluice.BufferProcess;

/// <summary>As many readings as go in, with a commit each interval: how much memory that takes.</summary>
internal static class AppendPhases
{
    private static readonly TimeSpan Each = TimeSpan.FromSeconds(3);

    public static void Run(string directory, Memory memory, TimeProvider clock)
    {
        foreach (var milliseconds in new[] { 50, 250, 1000 })
        {
            var store = new SluiceStore(Kernel.Empty(directory, "append"), sealsBesides: true);
            var rate = AppendLoop.Run(store, TimeSpan.FromMilliseconds(milliseconds), Each, clock);
            memory.Note($"appended, commit every {milliseconds} ms", $"{rate / 1e6:F2} M/s");
        }
    }
}
