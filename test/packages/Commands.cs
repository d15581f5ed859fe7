using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Packages;

/// <summary>How a program ended, and what it said on both streams.</summary>
internal readonly record struct Said(string What, int Code, string Text)
{
    public string MustHaveWorked()
    {
        Assert.True(Code == 0, $"{What} ended with {Code}:\n{Text}");
        return Text;
    }
}

/// <summary>Runs programs to their end.</summary>
internal static class Commands
{
    public static async Task<Said> RunAsync(
        string program, IEnumerable<string> arguments, TimeSpan? within = null)
    {
        var all = arguments.ToList();
        await using var child = ChildProcess.Start(program, all);
        await child.ExitAsync(within ?? TimeSpan.FromSeconds(120));
        return new Said($"{program} {string.Join(' ', all)}", child.ExitCode, string.Join('\n', child.Lines));
    }

    /// <summary>A line of bash, in the folder of the repository; long enough for two releases at once, each with an
    /// image, on two slow processors.</summary>
    public static Task<Said> ShellAsync(string line) =>
        RunAsync("bash", ["-c", $"cd '{FieldDirectory.Repository()}' && {line}"], TimeSpan.FromMinutes(15));
}
