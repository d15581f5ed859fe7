using Sluice.Hal.Gpio;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>
/// What the file says about the status light: its line, and that nobody watches that line. A line that is driven while
/// it is watched would tell the MES of the light, not of the machine.
/// </summary>
internal static class LightBinding
{
    /// <summary>The rule of <see cref="GpioLine"/> as far as a regular expression can say it, for editors.</summary>
    public const string LinePattern = "^(gpio:)?[!-~]{1,31}$";

    private const string Prefix = "gpio:";

    /// <summary>Reads <c>LED1</c> or <c>17</c>, or either as a signal list has it, with gpio: before it.</summary>
    public static bool TryLine(string text, out GpioLine line, out string problem) =>
        GpioLine.TryParse(
            text.StartsWith(Prefix, StringComparison.Ordinal) ? text : Prefix + text, out line, out problem);

    public static string? RefuseLine(string text) => TryLine(text, out _, out var problem)
        ? null
        : $"\"{FileNode.Clip(text)}\" {problem}.";

    /// <summary>The light of a draft without errors; null where there is none.</summary>
    public static LightSettings? Build(LightDraft? light) =>
        light is { Chip: { } chip, Line: { } text } && TryLine(text, out var line, out _)
            ? new LightSettings(chip, line)
            : null;

    /// <summary>
    /// Refuses a line that a source watches. One line written in two ways (by name and by number, its chip by device
    /// and by label) only the running kernel can tell: it gives the line to one of the two and names that one to the
    /// other.
    /// </summary>
    public static void CheckFree(
        LightDraft? draft,
        string source,
        SourceDraft watching,
        IReadOnlyList<GpioSignal> watched,
        FileNode root,
        ProblemList problems)
    {
        if (Build(draft) is not { } light || watching.Chip != light.Chip
            || watched.FirstOrDefault(each => each.Line == light.Line) is not { } signal)
        {
            return;
        }

        problems.Error(root.At("light", "line"), "light.line", $"{light.Line} of {light.Chip} is watched by source "
            + $"{source} as {signal.Signal.Name}: the light would drive what the machine shows. Write the line of the "
            + "light, or take the signal out.");
    }
}
