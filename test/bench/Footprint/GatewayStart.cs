using Sluice.Field.Parts;

namespace Sluice.Bench.Footprint;

/// <summary>
/// The start of the agent on an ARM64 machine, as the test of the virtual gateway measures it; what that prints is
/// taken from its own words.
/// </summary>
internal static class GatewayStart
{
    private const string Test = "*.Start_on_a_real_kernel";
    private const string Figure = "start in the virtual gateway";
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(10);

    public static async Task PrintAsync(string tests, Action<string, string> print)
    {
        if (!File.Exists(tests))
        {
            print(Figure, "not measured, it is not built here (make test-gateway)");
            return;
        }

        await using var run = ChildProcess.Start(
            tests, ["--filter-class", Test, "--no-ansi", "--progress", "off"]);
        await run.ExitAsync(Bound);
        var said = run.Lines.Select(line => line.Trim()).FirstOrDefault(
            line => line.StartsWith(Figure, StringComparison.Ordinal))?.Split(": ", 2);
        if (run.ExitCode != 0 || said is not [var name, var figure])
        {
            await Console.Error.WriteLineAsync(run.Tail());
            print(Figure, "not measured, its test fails here");
            return;
        }

        print(name, figure);
    }
}
