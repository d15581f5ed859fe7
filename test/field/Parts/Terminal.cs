using System.Globalization;
using System.Text;

namespace Sluice.Field.Parts;

/// <summary>
/// The agent at a real terminal with a person in front of it: script (util-linux) gives it a pseudo terminal as input,
/// output and error stream, and a named pipe carries what the person types. Ctrl-C is the key, which the kernel's
/// terminal makes a SIGINT of, not a signal that the test sends. How the agent ended is written down by the shell with
/// it: script asks for the end of its child before the child has ended, now and then, and returns what stood in memory
/// (ul_pty_wait_for_child of util-linux takes a waitpid that found nothing for an end).
/// </summary>
internal sealed class Terminal : IAsyncDisposable
{
    private const char EndOfText = '\x03';

    private readonly ChildProcess child;
    private readonly FileStream keys;
    private readonly string ended;

    private Terminal(ChildProcess child, FileStream keys, string ended)
    {
        this.child = child;
        this.keys = keys;
        this.ended = ended;
    }

    public int ExitCode => int.Parse(File.ReadAllText(ended), CultureInfo.InvariantCulture);

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
        var ended = pipe + ".ended";
        // The key is for the agent: the shell that waits for it hears it too, does nothing, and lives to write.
        var line = "trap : INT; " + string.Join(' ', ((string[])[program, .. arguments]).Select(Quoted))
            + $"; echo $? > {Quoted(ended)}";
        return new Terminal(
            ChildProcess.Start(
                "/bin/sh", ["-c", "exec script --quiet --flush --command \"$1\" /dev/null < \"$2\"", "sh", line, pipe]),
            keys, ended);
    }

    /// <summary>A line, with the key that ends it.</summary>
    public Task TypeAsync(string line) => PressAsync(line + "\r");

    public Task PressCtrlCAsync() => PressAsync(EndOfText.ToString());

    /// <summary>Keys, as they are.</summary>
    public async Task PressAsync(string keysPressed)
    {
        await keys.WriteAsync(Encoding.UTF8.GetBytes(keysPressed));
        await keys.FlushAsync();
    }

    public Task<string> SaysAsync(string words, TimeSpan within) => child.SaysAsync(words, within);

    public async Task ExitAsync(TimeSpan within)
    {
        await child.ExitAsync(within);
        await Eventually.HoldsAsync(
            () => File.Exists(ended) && new FileInfo(ended).Length > 0, within,
            () => $"What ran at the terminal did not end. It said:\n{child.Tail()}");
    }

    public async ValueTask DisposeAsync()
    {
        // script does not outlive this, and its terminal hangs up: what runs on it gets SIGHUP.
        await child.DisposeAsync();
        await keys.DisposeAsync();
    }

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
