using Sluice.Bench.Buffer;
using Sluice.BufferProcess;

// sluice-buffer-process DIRECTORY: a process that holds the buffer and nothing else, compiled as the agent is. Prints
// its memory while it appends, fills and drains. The directory is empty before.
if (args is not [var directory])
{
    Console.Error.WriteLine("sluice-buffer-process DIRECTORY");
    return 64;
}

var memory = new Memory();
memory.Note($"started", $"");
AppendPhases.Run(directory, memory, TimeProvider.System);
var drained = TenMillion.Run(Kernel.Empty(directory, "ten-million"), memory, Console.Out, TimeProvider.System);
memory.Print(Console.Out);
Console.Out.WriteLine(FormattableString.Invariant($"drained={drained}"));
return 0;
