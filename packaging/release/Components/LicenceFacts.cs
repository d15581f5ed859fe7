using System.Xml.Linq;

namespace Sluice.Release.Components;

/// <summary>
/// Under which terms a component's code is passed on: what its package says of itself, and the texts that lie in it.
/// </summary>
internal sealed record LicenceFacts(
    string Id, string Copyright, string Home, string Text, IReadOnlyList<string> Notices)
{
    /// <summary>Licences that somebody has looked at. Another one is a decision for a person.</summary>
    private static readonly string[] LookedAt = ["MIT"];

    private const string MitBegins = "Permission is hereby granted, free of charge, to any person obtaining a copy";

    /// <summary>For packages that name the licence and bring no text: it has to be passed on all the same.</summary>
    private const string MitTerms = $"""
        {MitBegins}
        of this software and associated documentation files (the "Software"), to deal
        in the Software without restriction, including without limitation the rights
        to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
        copies of the Software, and to permit persons to whom the Software is
        furnished to do so, subject to the following conditions:

        The above copyright notice and this permission notice shall be included in all
        copies or substantial portions of the Software.

        THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
        IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
        FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
        AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
        LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
        OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
        SOFTWARE.

        """;

    /// <param name="folder">The unpacked package.</param>
    /// <param name="component">Whose it is, for what is said where it will not do.</param>
    /// <exception cref="InvalidDataException">The package says nothing, or something that nobody has looked at.
    /// </exception>
    public static LicenceFacts Read(string folder, string component)
    {
        if (!Directory.Exists(folder) || Directory.GetFiles(folder, "*.nuspec") is not [var specification])
        {
            throw new InvalidDataException(
                $"{component}: {folder} is no unpacked package, so nothing says under which licence it is");
        }

        var metadata = XDocument.Load(specification).Root!.Elements().Single(each => each.Name.LocalName == "metadata");
        string Said(string name) =>
            metadata.Elements().FirstOrDefault(each => each.Name.LocalName == name)?.Value.Trim() ?? "";
        var licence = metadata.Elements().FirstOrDefault(each => each.Name.LocalName == "license");
        var text = Texts(folder, "LICENSE*").FirstOrDefault() ?? "";
        var id = (string?)licence?.Attribute("type") == "expression" ? licence!.Value.Trim()
            : text.Contains(MitBegins, StringComparison.Ordinal) ? "MIT"
            : "";
        if (!LookedAt.Contains(id))
        {
            throw new InvalidDataException($"{component}: nobody has looked at its licence "
                + $"({(id.Length > 0 ? id : licence?.Value ?? "it names none")}); may it be passed on, and how?");
        }

        // LiteDB's says "MIT" where others say whose it is.
        var whose = Said("copyright") is { Length: > 5 } copyright ? copyright : Said("authors");
        return new LicenceFacts(
            id, whose, Said("projectUrl"), text.Length > 0 ? text : $"The MIT License (MIT)\n\n{whose}\n\n{MitTerms}",
            [.. Texts(folder, "THIRD-PARTY-NOTICES*")]);
    }

    private static IEnumerable<string> Texts(string folder, string pattern) =>
        from file in Directory.GetFiles(
            folder, pattern, new EnumerationOptions { MatchCasing = MatchCasing.CaseInsensitive })
        orderby Path.GetFileName(file)
        select File.ReadAllText(file).ReplaceLineEndings("\n").Trim() + "\n";
}
