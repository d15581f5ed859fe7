using Sluice.Release.Components;
using Xunit;

namespace Sluice.Fast.Packaging;

/// <summary>Nothing is passed on under terms that nobody has looked at.</summary>
public sealed class LicenceTests : IDisposable
{
    private const string Terms = "Permission is hereby granted, free of charge, to any person obtaining a copy";

    private readonly string folder = Directory.CreateTempSubdirectory("sluice-licence-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_package_that_only_names_its_licence_gets_the_terms_all_the_same()
    {
        var facts = Read("""<license type="expression">MIT</license><copyright>(c) Somebody</copyright>""");
        Assert.Equal(("MIT", "(c) Somebody"), (facts.Id, facts.Copyright));
        Assert.StartsWith("The MIT License (MIT)\n\n(c) Somebody\n\n" + Terms, facts.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_with_a_text_is_known_by_it_and_its_own_text_is_passed_on()
    {
        File.WriteAllText(Path.Combine(folder, "License.txt"), $"MIT\r\n\r\n(c) Another\r\n\r\n{Terms}\r\n");
        File.WriteAllText(Path.Combine(folder, "THIRD-PARTY-NOTICES.TXT"), "of a third\r\n");
        var facts = Read("""<license type="file">License.txt</license><authors>Them</authors>""");
        Assert.Equal(("MIT", "Them", $"MIT\n\n(c) Another\n\n{Terms}\n"), (facts.Id, facts.Copyright, facts.Text));
        Assert.Equal(["of a third\n"], facts.Notices);
    }

    [Theory]
    [InlineData("""<license type="expression">GPL-3.0-only</license>""", "GPL-3.0-only")]
    [InlineData("""<license type="expression">MIT OR Whatever</license>""", "MIT OR Whatever")]
    [InlineData("""<license type="file">terms.txt</license>""", "terms.txt")]
    [InlineData("", "it names none")]
    public void A_licence_that_nobody_has_looked_at_is_a_question_to_a_person(string metadata, string named)
    {
        var refusal = Assert.Throws<InvalidDataException>(() => Read(metadata)).Message;
        Assert.StartsWith("Some.Package 1.0: nobody has looked at its licence", refusal, StringComparison.Ordinal);
        Assert.Contains(named, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_that_is_not_there_is_named() => Assert.Contains(
        "Some.Package 1.0", Assert.Throws<InvalidDataException>(
            () => LicenceFacts.Read(Path.Combine(folder, "nowhere"), "Some.Package 1.0")).Message);

    private LicenceFacts Read(string metadata)
    {
        File.WriteAllText(Path.Combine(folder, "some.package.nuspec"), $"""
            <package xmlns="http://schemas.microsoft.com/packaging/2012/06/nuspec.xsd"><metadata>
            <id>Some.Package</id>{metadata}</metadata></package>
            """);
        return LicenceFacts.Read(folder, "Some.Package 1.0");
    }
}
