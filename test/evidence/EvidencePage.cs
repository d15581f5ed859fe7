using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Sluice.Evidence;

/// <summary>
/// The report for a person who has five minutes: verdict, picture, table, what was tested. One file without a script, a
/// font or a link to anywhere, in light and dark.
/// </summary>
internal static partial class EvidencePage
{
    private const string Style = """
        :root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1b2430; --soft: #5a6675;
                --line: #dde2e8; --good: #14804a; --good-wash: #e4f4ea; --bad: #b3261e; --bad-wash: #fbe9e7;
                --hint: #8a5a00; --accent: #2457a6; }
        @media (prefers-color-scheme: dark) {
          :root { --page: #12161b; --card: #1a2027; --ink: #e4e9ef; --soft: #9aa7b5; --line: #2c353f;
                  --good: #5fce93; --good-wash: #163326; --bad: #ff8a80; --bad-wash: #3d1d1b; --hint: #e6b85c;
                  --accent: #8ab4f8; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
               font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
        h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.25rem 0 .75rem; }
        p { margin: .4rem 0; } .soft { color: var(--soft); }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem; }
        .head { display: flex; flex-wrap: wrap; gap: 1.25rem; align-items: center; justify-content: space-between; }
        .verdict { font-weight: 650; font-size: 1.05rem; padding: .5rem 1rem; border-radius: 999px; }
        .good { color: var(--good); } .bad { color: var(--bad); }
        .verdict.good { background: var(--good-wash); } .verdict.bad { background: var(--bad-wash); }
        .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem;
                 margin-top: 1rem; }
        .fact b { display: block; font-size: 1.35rem; } .fact { border-top: 2px solid var(--line); padding-top: .5rem; }
        table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top;
                padding: .6rem .6rem; border-top: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; }
        tr:first-child th { border-top: 0; } .ids { white-space: nowrap; font-weight: 600; max-width: 12rem; }
        td.ids { white-space: normal; }
        ul { list-style: none; margin: .35rem 0 0; padding: 0; }
        li { padding: .1rem 0 .1rem 1.2rem; text-indent: -1.2rem; } li > * { text-indent: 0; }
        .mark { display: inline-block; width: 1.2rem; font-weight: 700; }
        .suite { font-size: .75rem; color: var(--soft); border: 1px solid var(--line); border-radius: 6px;
                 padding: 0 .35rem; margin-right: .35rem; }
        code, pre { font: 12.5px/1.45 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
        pre { overflow-x: auto; margin: .5rem 0 0; } .hash { word-break: break-all; }
        details { border-top: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; }
        svg { width: 100%; height: auto; display: block; } .scroll { overflow-x: auto; }
        @media print { body { background: #fff; } .card { break-inside: avoid; } }
        """;

    public static string Of(EvidenceReport report)
    {
        var page = new StringBuilder()
            .Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<title>Sluice: what flows, what cannot, and how it was shown</title>\n<style>\n")
            .Append(Style).Append("\n</style></head><body><main>\n");
        Head(page, report);
        page.Append("<h2>Zones and flows</h2>\n<div class=\"card scroll\">").Append(ZonesPicture.Svg)
            .Append("</div>\n");
        Wrong(page, report);
        Requirements(page, report);
        NotShown(page, report);
        WithWhat(page, report.Surroundings);
        Said(page, report);
        return page.Append("</main></body></html>\n").ToString();
    }

    private static void Head(StringBuilder page, EvidenceReport report)
    {
        var tests = report.Tests;
        var passed = report.Requirements.Count(row => row.Outcome == Outcome.Passed);
        var (kind, words) = report.Holds ? ("good", "every requirement below was shown")
            : ("bad", $"failed: {report.Requirements.Count - passed} of {report.Requirements.Count} not shown");
        page.Append("<div class=\"card\"><div class=\"head\"><div><h1>Sluice, security evidence</h1>\n")
            .Append(CultureInfo.InvariantCulture,
                $"<p class=\"soft\">{Text(report.Surroundings.Version)}, source {Text(report.Surroundings.Commit)}, ")
            .Append(CultureInfo.InvariantCulture, $"{report.Surroundings.Utc:yyyy-MM-dd HH:mm} UTC</p></div>\n")
            .Append(CultureInfo.InvariantCulture, $"<div class=\"verdict {kind}\">{words}</div></div>\n")
            .Append("<div class=\"facts\">");
        Fact(page, $"{passed} of {report.Requirements.Count}", "requirements shown");
        Fact(page, $"{tests.Count(test => test.Outcome == Outcome.Passed)} of {tests.Count}", "tests passed");
        Fact(page, $"{tests.Sum(test => test.Seconds):0} s", "of test time");
        Fact(page, $"{report.NotShown.Count}", "points not shown, named below");
        page.Append("</div></div>\n");
    }

    private static void Fact(StringBuilder page, FormattableString figure, string what) => page.Append(
        CultureInfo.InvariantCulture,
        $"<div class=\"fact\"><b>{FormattableString.Invariant(figure)}</b><span class=\"soft\">{what}</span></div>");

    private static void Wrong(StringBuilder page, EvidenceReport report)
    {
        var bad = report.Tests.Where(test => test.Outcome != Outcome.Passed).ToList();
        if (bad.Count == 0 && report.Problems.Count == 0)
        {
            return;
        }

        page.Append("<h2 class=\"bad\">What failed</h2>\n<div class=\"card\">");
        foreach (var problem in report.Problems)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"bad\">{Text(problem)}</p>\n");
        }

        foreach (var test in bad)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<p><b class=\"bad\">{EvidenceJson.Word(test.Outcome)}</b> {Text(test.Test.ToString())}</p>\n")
                .Append(CultureInfo.InvariantCulture, $"<pre>{Text(test.Said)}</pre>\n");
        }

        page.Append("</div>\n");
    }

    private static void Requirements(StringBuilder page, EvidenceReport report)
    {
        page.Append("<h2>Requirements and what shows them</h2>\n")
            .Append("<p class=\"soft\">Ids of IEC 62443-4-2 and of the Cyber Resilience Act, annex I, from public ")
            .Append("assessments: the texts were not at hand. Compare them with your own copy.</p>\n")
            .Append("<div class=\"card scroll\"><table><tr><th></th><th>requirement</th><th>what does it, and the ")
            .Append("tests that show it</th></tr>\n");
        foreach (var row in report.Requirements)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Mark(row.Outcome)}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td class=\"ids\">{Text(row.Row.Ids)}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td>{Marked(row.Row.Mechanism)}<ul>\n");
            foreach (var test in row.Tests)
            {
                page.Append(CultureInfo.InvariantCulture,
                    $"<li>{Mark(test.Outcome)}<span class=\"suite\">{test.Test.Suite}</span>")
                    .Append(CultureInfo.InvariantCulture, $"{Text(Sentence(test.Test))} <span class=\"soft\">")
                    .Append(CultureInfo.InvariantCulture, $"{test.Seconds:0.0} s</span></li>\n");
            }

            page.Append("</ul></td></tr>\n");
        }

        page.Append("</table></div>\n");
    }

    private static void NotShown(StringBuilder page, EvidenceReport report)
    {
        page.Append("<h2>What is not shown</h2>\n<div class=\"card\"><table>\n");
        foreach (var point in report.NotShown)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<tr><td class=\"ids\">{Marked(point.What)}</td><td>{Marked(point.Why)}</td></tr>\n");
        }

        page.Append("</table></div>\n");
    }

    private static void WithWhat(StringBuilder page, Surroundings where)
    {
        page.Append("<h2>What was tested, and where</h2>\n<div class=\"card scroll\"><table>\n")
            .Append("<tr><th>file</th><th>bytes</th><th>SHA-256</th></tr>\n");
        foreach (var binary in where.Binaries)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><code>{Text(binary.Name)}</code>")
                .Append(binary.WasTested ? "" : "<br><span class=\"soft\">built beside it, not run here</span>")
                .Append(CultureInfo.InvariantCulture, $"</td><td>{binary.Bytes:N0}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td class=\"hash\"><code>{binary.Sha256}</code></td></tr>\n");
        }

        page.Append(CultureInfo.InvariantCulture,
            $"</table><p class=\"soft\">{Text(where.Kernel)}; {Text(where.System)}; {Text(where.Processor)}<br>")
            .Append(string.Join("; ", where.Parts.Select(Text))).Append("</p></div>\n");
    }

    /// <summary>What the zones printed while they were tried: the whole matrix.</summary>
    private static void Said(StringBuilder page, EvidenceReport report)
    {
        var said = report.Tests.Where(test => test.Test.Suite == "zones" && test.Outcome == Outcome.Passed
            && test.Said.Length > 0).ToList();
        if (said.Count == 0)
        {
            return;
        }

        page.Append("<h2>The zones in figures</h2>\n<div class=\"card\">");
        foreach (var test in said)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<details><summary>{Text(Sentence(test.Test))}</summary><pre>{Text(test.Said)}</pre></details>\n");
        }

        page.Append("</div>\n");
    }

    private static string Mark(Outcome outcome) => outcome switch
    {
        Outcome.Passed => "<span class=\"mark good\">&#10003;</span>",
        Outcome.Failed => "<span class=\"mark bad\" title=\"failed\">&#10007;</span>",
        _ => "<span class=\"mark bad\" title=\"did not run\">&#8709;</span>",
    };

    /// <summary>The name of a test as the sentence that it is.</summary>
    private static string Sentence(NamedTest test) =>
        $"{test.Class.Replace('_', ' ')}: {test.Method.Replace('_', ' ')}";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>What the guide sets as code, bold or a link. Links lead into the repository, so their words stay.
    /// </summary>
    private static string Marked(string text) => Bold().Replace(
        Code().Replace(Link().Replace(Text(text), "$1"), "<code>$1</code>"), "<b>$1</b>");

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\*\*([^*]+)\*\*")]
    private static partial Regex Bold();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex Link();
}
