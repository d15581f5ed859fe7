using System.Globalization;

namespace Sluice.Agent.Commissioning.Discovery;

/// <summary>
/// How far discovery is, on the error stream: one line that is written over at a terminal, and only what was found
/// elsewhere.
/// </summary>
internal sealed class DiscoveryProgress(TextWriter error, bool isTerminal)
{
    private const int BarWidth = 20;
    private const int LineWidth = 78;

    private bool isShown;

    public void Unit(byte unit, int asked, int of, int found, int requests) =>
        Show((double)asked / of, $"unit {unit}: does it answer? {found} found", requests);

    public void Search(byte unit, Probe probe, int requests, int last) =>
        Show((double)probe.Address / Math.Max(1, last), $"unit {unit}, {TableWord.Of(probe.Table)} {probe.Address}",
            requests);

    public void Found(byte unit)
    {
        End();
        error.WriteLine($"Unit {unit.ToString(CultureInfo.InvariantCulture)} answers.");
    }

    /// <summary>Takes the line away: what follows stands at its place.</summary>
    public void End()
    {
        if (isShown)
        {
            error.Write("\r" + new string(' ', LineWidth) + "\r");
            isShown = false;
        }
    }

    private void Show(double share, string what, int requests)
    {
        if (!isTerminal)
        {
            return;
        }

        var full = (int)(Math.Clamp(share, 0, 1) * BarWidth);
        var bar = new string('#', full).PadRight(BarWidth, '.');
        var line = string.Create(CultureInfo.InvariantCulture, $"[{bar}] {what}, {requests} requests, Ctrl-C ends");
        error.Write("\r" + (line.Length > LineWidth ? line[..LineWidth] : line.PadRight(LineWidth)));
        error.Flush();
        isShown = true;
    }
}
