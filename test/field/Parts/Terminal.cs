using System.Text;

namespace Sluice.Field.Parts;

/// <summary>
/// The agent at a real terminal with a person in front of it: script (util-linux) gives it a pseudo terminal as input,
/// output and error stream, and a named pipe carries what the person types. Ctrl-C is the key, which the kernel's
/// terminal makes a SIGINT of, not a signal that the test sends.
/// </summary>
internal sealed class Terminal : IAsyncDisposable
{
    private const char EndOfText = '\x03';

    private readonly ChildProcess child;
    private readonly FileStream keys;

    private Terminal(ChildProcess child, FileStream keys)
    {
        this.child = child;
        this.keys = keys;
    }

    public int ExitCode => child.ExitCode;

    /// <summary>All that stood on the terminal. A line that was written over counts as one that ended.</summary>
    public string Text => string.Join('\n', child.Lines);

    public static async Task<Terminal> StartAsync(FieldDirectory directory, string program, params string[] arguments)
    {
        // Opened for both directions: no end waits for the other one, and the pipe never ends before the test does.
        var pipe = directory.At($"keys-{Guid.NewGuid():N}");
        var (code, said) = await ChildProcess.RunAsync("/usr/bin/mkfifo", pipe);
        if (code != 0)
        {
            throw new InvalidOperationException($"mkfifo ended with {code}: {said}");
        }

        var keys = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1);
        var line = string.Join(' ', ((string[])[program, .. arguments]).Select(Quoted));
        return new Terminal(
            ChildProcess.Start(
                "/bin/sh", ["-c", "exec script --quiet --return --flush --command \"$1\" /dev/null < \"$2\"", "sh",
                    line, pipe]),
            keys);
    }

    /// <summary>A line, with the key that ends it.</summary>
    public Task TypeAsync(string line) => PressAsync(line + "\r");

    public Task PressCtrlCAsync() => PressAsync(EndOfText.ToString());

    public Task<string> SaysAsync(string words, TimeSpan within) => child.SaysAsync(words, within);

    public Task ExitAsync(TimeSpan within) => child.ExitAsync(within);

    public async ValueTask DisposeAsync()
    {
        // script does not outlive this, and its terminal hangs up: what runs on it gets SIGHUP.
        await child.DisposeAsync();
        await keys.DisposeAsync();
    }

    private async Task PressAsync(string keysPressed)
    {
        await keys.WriteAsync(Encoding.UTF8.GetBytes(keysPressed));
        await keys.FlushAsync();
    }

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
