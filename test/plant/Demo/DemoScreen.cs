using System.Text;

namespace Sluice.Plant.Demo;

/// <summary>
/// Where the demo shows itself: a table on a terminal that takes keys, or one line a second where there is none. Leaves
/// the terminal as it found it.
/// </summary>
public sealed class DemoScreen : IDisposable
{
    public const char ControlC = '\u0003';

    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(1);

    private readonly bool colours;
    private readonly StringBuilder frame = new();
    private TimeSpan nextLine;

    public DemoScreen(bool plain)
    {
        IsTerminal = !plain && !Console.IsOutputRedirected && !Console.IsInputRedirected
            && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        colours = IsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        if (IsTerminal)
        {
            // The other screen, without a cursor: what was in the window is there again afterwards.
            Console.Write("\e[?1049h\e[?25l\e[2J");

            // As a signal, Ctrl-C would also stop the agent, a child of this terminal, before the last readings are
            // judged.
            Console.TreatControlCAsInput = true;
        }
    }

    public bool IsTerminal { get; }

    /// <summary>The key that was pressed since the last call, or nothing.</summary>
    public char? Key()
    {
        char? last = null;
        while (IsTerminal && Console.KeyAvailable)
        {
            last = char.ToLowerInvariant(Console.ReadKey(intercept: true).KeyChar);
        }

        return last;
    }

    public void Show(DemoView view)
    {
        if (!IsTerminal)
        {
            if (view.Running >= nextLine)
            {
                nextLine = view.Running + LineEvery;
                Console.WriteLine(LiveTable.Line(view));
            }

            return;
        }

        // One write for a whole frame, each line cleared behind its end: nothing flickers.
        frame.Clear().Append("\e[H");
        var lines = LiveTable.Draw(view, Math.Max(60, Console.WindowWidth), Math.Max(16, Console.WindowHeight),
            colours);
        for (var at = 0; at < lines.Count; at++)
        {
            frame.Append(at == 0 ? "" : "\r\n").Append(lines[at]).Append("\e[K");
        }

        Console.Write(frame.Append("\e[J").ToString());
    }

    /// <summary>An event: on a terminal the table shows it.</summary>
    public void Say(string sentence)
    {
        if (!IsTerminal)
        {
            Console.WriteLine(sentence);
        }
    }

    public void Dispose()
    {
        if (IsTerminal)
        {
            Console.TreatControlCAsInput = false;
            Console.Write("\e[?25h\e[?1049l");
        }
    }
}
