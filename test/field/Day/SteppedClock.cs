using System.Buffers.Binary;
using Sluice.Field.Parts;
using Sluice.Plant.Day;

namespace Sluice.Field.Day;

/// <summary>
/// A wall clock of the agent's own that can be stepped while it runs: the C library's three ways to ask for the time
/// are preloaded (stepped_clock.c). Monotonic clocks stay, as they do when somebody sets a clock.
/// </summary>
internal sealed class SteppedClock
{
    private readonly string file;
    private readonly string library;

    private SteppedClock(string file, string library)
    {
        this.file = file;
        this.library = library;
    }

    /// <summary>How far it was from this machine's clock, and when.</summary>
    public ClockCourse Course { get; } = new();

    /// <summary>Put in front of the program.</summary>
    public string[] Inside => ["/usr/bin/env", "SLUICE_CLOCK=" + file, "LD_PRELOAD=" + library];

    public static async Task<SteppedClock> MakeAsync(FieldDirectory directory)
    {
        var clock = new SteppedClock(directory.At("clock"), directory.At("stepped_clock.so"));
        await File.WriteAllBytesAsync(clock.file, new byte[sizeof(long)]);
        var source = Path.Combine(FieldDirectory.Repository(), "test", "field", "Day", "stepped_clock.c");
        var (code, said) = await ChildProcess.RunAsync(
            "/usr/bin/cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", clock.library, source);
        return code == 0 ? clock : throw new InvalidOperationException($"{source} does not compile:\n{said}");
    }

    /// <summary>From now on it is so far from this machine's clock.</summary>
    public void StepTo(TimeSpan offset)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, (long)offset.TotalMilliseconds);

        // In place: the agent has the file mapped.
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(bytes);
        Course.Step(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), (long)offset.TotalMilliseconds);
    }
}
