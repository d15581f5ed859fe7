using System.Text;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment.Sticks;

namespace Sluice.Agent.OwnCard;

/// <summary>
/// What the gateway says of its card, on the card, for whoever puts it into a laptop. Without a time: the same state
/// gives the same text, and what stands there already is not written again. A core.
/// </summary>
internal static class CardReport
{
    public const string FileName = "card.report.txt";

    public const int BytesMax = 256 << 10;

    /// <param name="verdict">One sentence.</param>
    /// <param name="contents">What was read.</param>
    /// <param name="troubles">What went wrong before: the disk, for instance.</param>
    /// <param name="cards">This machine's network cards, a line each.</param>
    public static byte[] Write(
        string verdict, CardContents contents, IReadOnlyList<string> troubles, IReadOnlyList<string> cards)
    {
        var lines = new List<string> { $"Sluice {AgentVersion.Text}: what this gateway took from its card", "" };
        lines.Add(verdict);
        if (contents.Problems.Count > 0)
        {
            var text = new ProblemText(CardContents.GatewayFile, contents.Loaded?.Files);
            lines.Add("");
            lines.AddRange(contents.Problems.SelectMany(problem => text.Render(problem).TrimEnd().Split('\n'))
                .Select(line => line.TrimEnd()));
        }

        lines.AddRange(troubles.Count == 0
            ? [] : ["", "What is wrong with this machine", .. troubles.Select(Indented)]);
        lines.AddRange(["", "Its network cards, as network.txt names them", .. cards.Select(Indented)]);
        lines.AddRange(["", StickReport.LastLine]);
        var all = string.Concat(lines.Select(line => line + "\r\n"));
        return Encoding.UTF8.GetBytes(all.Length <= BytesMax / 4 ? all : all[..(BytesMax / 4)]);
    }

    private static string Indented(string line) => $"  {line}";
}
