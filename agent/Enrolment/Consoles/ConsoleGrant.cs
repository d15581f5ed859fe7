using System.Globalization;
using System.Text;

namespace Sluice.Agent.Enrolment.Consoles;

/// <summary>
/// What a token that was taken lets happen, handed from the stick to the console: three lines in a folder that is gone
/// with the next start. Who reads it takes it away, so it opens once.
/// </summary>
internal sealed record ConsoleGrant(string Id, int Minutes, string Person)
{
    public const string FileName = "grant";

    private const int BytesMax = 1024;

    public byte[] Write() =>
        Encoding.UTF8.GetBytes($"{Id}\n{Minutes.ToString(CultureInfo.InvariantCulture)}\n{Person}\n");

    public static ConsoleGrant? Take(string folder)
    {
        var file = Path.Combine(folder, FileName);
        try
        {
            using var reader = new StreamReader(file);
            var letters = new char[BytesMax];
            var lines = new string(letters, 0, reader.ReadBlock(letters)).Split('\n');
            File.Delete(file);
            return lines is [var id, var minutes, var person, ..]
                && int.TryParse(minutes, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? new ConsoleGrant(id, number, person)
                : null;
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
