using System.Globalization;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Database;

/// <summary>Ranges of positions as a text in a column: <c>1-5 9-9</c>.</summary>
internal static class PositionText
{
    public static string Write(IReadOnlyList<Positions> ranges) => string.Join(
        ' ', ranges.Select(range => string.Create(CultureInfo.InvariantCulture, $"{range.From}-{range.To}")));

    public static IReadOnlyList<Positions> Read(string text) =>
    [
        .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(each => each.Split('-'))
            .Select(ends => new Positions(
                long.Parse(ends[0], CultureInfo.InvariantCulture), long.Parse(ends[1], CultureInfo.InvariantCulture))),
    ];
}
