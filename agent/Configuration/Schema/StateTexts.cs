using System.Globalization;
using Sluice.Agent.Configuration;
using Sluice.Hal;

namespace Sluice.Agent.Configuration.Schema;

/// <summary>The column texts of a signal list: <c>0=Stop;1=Run</c>. Pure.</summary>
internal static class StateTexts
{
    private const int TextsMax = 64;
    private const int CharactersMax = 64;

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Refuse(string cell)
    {
        var pieces = cell.Split(';');
        if (pieces.Length > TextsMax)
        {
            return $"has {pieces.Length} texts: {TextsMax} are the most.";
        }

        var seen = new HashSet<long>();
        foreach (var piece in pieces)
        {
            if (Piece(piece) is not { } text)
            {
                return $"\"{FileNode.Clip(piece)}\" is not a value and its text: write 0=Stop;1=Run.";
            }

            if (text.Text.Length is 0 or > CharactersMax || text.Text.Any(char.IsControl))
            {
                return $"\"{FileNode.Clip(piece)}\" needs a text of 1 to {CharactersMax} plain characters.";
            }

            if (!seen.Add(text.Value))
            {
                return $"names {text.Value.ToString(CultureInfo.InvariantCulture)} twice: which text is meant?";
            }
        }

        return null;
    }

    /// <summary>The texts of a cell that was not refused, in order of their values.</summary>
    public static IReadOnlyList<StateText> Of(string cell) =>
        cell.Length == 0 ? [] : [.. cell.Split(';').Select(Piece).OfType<StateText>().OrderBy(text => text.Value)];

    private static StateText? Piece(string piece) =>
        piece.Split('=', 2) is [var value, var text]
            && long.TryParse(value.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? new StateText(number, text.Trim())
            : null;
}
