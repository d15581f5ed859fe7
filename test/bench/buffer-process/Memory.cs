using Sluice.Bench.Buffer;
using Sluice.Bench.Footprint;

namespace Sluice.BufferProcess;

/// <summary>
/// What the kernel says of this process at each stage, and the most that it ever had: file-backed pages of the program
/// itself are in it.
/// </summary>
internal sealed class Memory
{
    private const double ResidentMebibytesMax = 40;
    private readonly List<FormattableString[]> stages = [];

    public void Note(FormattableString stage, FormattableString figure)
    {
        var now = ProcessFigures.Of(Environment.ProcessId);
        var collections = GC.CollectionCount(0);
        stages.Add(
        [
            stage, figure, $"{Mebibytes(now.ResidentBytes):F1} MiB", $"{Mebibytes(now.PrivateBytes):F1} MiB",
            $"{Mebibytes(now.PeakBytes):F1} MiB", $"{collections}",
        ]);
    }

    public void Print(TextWriter output)
    {
        var table = new Table(
            output, "Memory of a process that holds the buffer only, compiled ahead of use as the agent is",
            "stage", "", "RSS", "of it private", "most so far", "collections");
        stages.ForEach(stage => table.Row(stage));
        table.Print();
        var peak = Kernel.PeakMebibytes();
        Table.Verdict(
            output, $"at most {peak:F1} MiB of memory at any time", $"{ResidentMebibytesMax} MiB",
            peak <= ResidentMebibytesMax);
    }

    private static double Mebibytes(long bytes) => bytes / (double)(1 << 20);
}
