namespace Sluice.Field.Parts;

/// <summary>
/// What a machine or a program said, for a failing test to quote. A console speaks to a terminal as well as to a
/// person, and the XML of a test report takes no such characters: with one of them it breaks off, and every test before
/// it is uncounted.
/// </summary>
internal static class Printable
{
    public static string Of(string said) =>
        string.Concat(said.Where(letter => letter is '\n' or '\t' || !char.IsControl(letter)));
}
