namespace Sluice.Bench.Buffer;

/// <summary>
/// The buffer beside the least that is possible (the same blocks appended to a plain file with one fdatasync a commit)
/// and the usual choice (SQLite), in one run.
/// </summary>
internal static class BufferBench
{
    public static void Print(string directory, string process, TextWriter output, TimeProvider clock)
    {
        BytesTable.Print(directory, output);
        AppendTable.Print(directory, output, clock);
        TenMillion.Print(directory, process, output, clock);
    }
}
