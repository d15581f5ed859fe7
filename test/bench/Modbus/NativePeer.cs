using System.Diagnostics;

namespace Sluice.Bench.Modbus;

/// <summary>One of the programs beside this file, compiled by make bench-modbus: the limits to be near.</summary>
internal sealed class NativePeer : IAsyncDisposable
{
    private readonly Process process;

    private NativePeer(Process process, string firstLine)
    {
        this.process = process;
        FirstLine = firstLine;
    }

    /// <summary>What it says when it is ready: a port, or the path of a line.</summary>
    public string FirstLine { get; }

    public static async Task<NativePeer> StartAsync(string file, params string[] arguments)
    {
        var process = Start(file, arguments);
        var line = await process.StandardOutput.ReadLineAsync()
            ?? throw new IOException($"{file} ended at once with code {process.ExitCode}");
        return new NativePeer(process, line);
    }

    /// <summary>Runs one to its end; the numbers of its one line.</summary>
    public static async Task<long[]> RunAsync(string file, params string[] arguments)
    {
        using var process = Start(file, arguments);
        return Numbers(await process.StandardOutput.ReadToEndAsync());
    }

    /// <summary>Ends its input, and returns the numbers that it prints then.</summary>
    public async Task<long[]> EndAsync()
    {
        process.StandardInput.Close();
        return Numbers(await process.StandardOutput.ReadToEndAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static Process Start(string file, string[] arguments) => Process.Start(new ProcessStartInfo(file, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    }) ?? throw new IOException($"{file} cannot be started");

    private static long[] Numbers(string line) => [.. line.Split(
        (char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(number => long.Parse(
        number, System.Globalization.CultureInfo.InvariantCulture))];
}
