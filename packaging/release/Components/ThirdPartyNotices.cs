using System.Text;

namespace Sluice.Release.Components;

/// <summary>
/// THIRD-PARTY-NOTICES.txt: whose code is in the programs and under which terms, with the texts that have to go along
/// with it. A text that several packages bring stands there once.
/// </summary>
internal static class ThirdPartyNotices
{
    private const string Rule = "------------------------------------------------------------------------------\n";

    public static string Write(string version, IReadOnlyDictionary<Component, LicenceFacts> licences)
    {
        var text = new StringBuilder($"Sluice {version} contains code of others. Under each licence stands whose.\n");
        var sorted = licences.OrderBy(each => each.Key.Name, StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var (component, facts) in sorted)
        {
            text.Append('\n').Append(component.Name).Append(' ').Append(component.Version).Append(", ")
                .Append(facts.Id).Append('\n').Append("  ").Append(facts.Copyright).Append('\n');
            if (facts.Home.Length > 0)
            {
                text.Append("  ").Append(facts.Home).Append('\n');
            }
        }

        foreach (var terms in sorted.GroupBy(each => each.Value.Text))
        {
            Append(text, "Licence", terms.Select(each => each.Key), terms.Key);
        }

        var notices = from each in sorted
                      from notice in each.Value.Notices
                      group each.Key by notice;
        foreach (var notice in notices)
        {
            Append(text, "What else is", notice, notice.Key, " in");
        }

        return text.ToString();
    }

    private static void Append(
        StringBuilder text, string what, IEnumerable<Component> whose, string terms, string word = " of") =>
        text.Append('\n').Append(Rule).Append(what).Append(word).Append(' ')
            .AppendJoin(", ", whose.Select(each => each.Name).Distinct()).Append('\n').Append(Rule).Append('\n')
            .Append(terms);
}
