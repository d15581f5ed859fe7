using System.Text;

namespace Sluice.Field.Parts;

/// <summary>Reads the code that a terminal shows, as zbar reads it from a camera's picture.</summary>
internal static class LabelScanner
{
    private const int Pixels = 4;
    private const string Drawn = "\u2588\u2580\u2584 ";

    /// <param name="directory">Where the picture goes.</param>
    /// <param name="shown">What the terminal showed: the lines of blocks at its beginning are the code.</param>
    public static async Task<string> ScanAsync(FieldDirectory directory, string shown)
    {
        var lines = shown.Split('\n').Select(line => line.TrimEnd('\r'))
            .TakeWhile(line => line.Length > 0 && line.All(Drawn.Contains)).ToList();
        var picture = new StringBuilder().Append($"P1\n{lines[0].Length * Pixels} {lines.Count * 2 * Pixels}\n");
        foreach (var line in lines)
        {
            foreach (var light in new[] { "\u2588\u2580", "\u2588\u2584" })
            {
                var row = string.Concat(line.Select(letter => new string(light.Contains(letter) ? '0' : '1', Pixels)));
                for (var each = 0; each < Pixels; each++)
                {
                    picture.Append(row).Append('\n');
                }
            }
        }

        var file = directory.At("label.pbm");
        await File.WriteAllTextAsync(file, picture.ToString());
        var (code, text) = await ChildProcess.RunAsync("/usr/bin/zbarimg", "--nodbus", "--quiet", "--raw", file);
        return code == 0 ? text.Trim()
            : throw new InvalidOperationException($"zbarimg ended with {code}: {text}\n{shown}");
    }
}
