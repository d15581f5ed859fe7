using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Agent.Configuration;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Fast.Repository;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Xunit;

namespace Sluice.Fast.Mes;

/// <summary>The published schemas say what the contract says: no less, and with teeth.</summary>
public sealed partial class Contract_schemas
{
    [Theory]
    [InlineData("data", "\"gateway\":\"gw-042\",", "", "'gateway' is missing")]
    [InlineData("data", "\"gw-042\"", "\"gw 042\"", "form")]
    [InlineData("data", "\"p\":120001", "\"p\":0", "below 1")]
    [InlineData("data", "\"p\":120001", "\"p\":1.5", "is not integer")]
    [InlineData("data", "\"historical\":false", "\"historical\":0", "is not boolean")]
    [InlineData("data", "01.250Z", "01.25Z", "form")]
    [InlineData("data", "\"Timeout\"", "\"Tired\"", "is not one of")]
    [InlineData("data", "\"v\":71.3", "\"v\":[71.3]", "is not")]
    [InlineData("data", "\"sent\"", "\"more\":1,\"sent\"", "'more' is not in the schema")]
    [InlineData("data", "\"v\":1,", "\"v\":2,", "is not one of")]
    [InlineData("birth", "\"float32\"", "\"float31\"", "form")]
    [InlineData("birth", "\"storage\":\"disk\"", "\"storage\":\"tape\"", "is not one of")]
    [InlineData("status", "\"online\"", "\"on\"", "is not one of")]
    [InlineData("ledger", "[1001,119800]", "[1001]", "1 items, 2 to 2")]
    [InlineData("ledger", "\"Overflow\"", "\"Lost\"", "is not one of")]
    [InlineData("ledger", "\"number\":7", "\"number\":\"7\"", "is not integer")]
    [InlineData("posture", "\"listeners\":0", "\"listeners\":-1", "below 0")]
    [InlineData("posture", "\"C3A1D94E7F0B\"", "\"c3a1\"", "form")]
    [InlineData("posture", "\"NotClosed\"", "\"Crashed\"", "is not one of")]
    [InlineData("posture", "\"cipher\":", "\"chiffre\":", "'cipher' is missing")]
    public void A_schema_refuses(string kind, string was, string becomes, string because)
    {
        var example = Example(kind);
        Assert.Empty(Faults(kind, example));
        var altered = new Regex(Regex.Escape(was)).Replace(example, becomes, 1);
        Assert.NotEqual(example, altered);
        Assert.Contains(Faults(kind, altered), fault => fault.Contains(because, StringComparison.Ordinal));
    }

    [Fact]
    public void A_whole_number_of_64_bits_is_allowed()
    {
        Assert.Contains("18446744073709551615", Example("data"));
        Assert.Empty(Faults("data", Example("data")));
    }

    [Fact]
    public void A_batch_of_501_readings_is_refused()
    {
        var reading = """{"p":1,"s":"a/b","t":"2026-11-22T14:00:01.250Z","v":1}""";
        var batch = Example("data");
        batch = batch[..batch.IndexOf('[', StringComparison.Ordinal)];
        Assert.Empty(Faults("data", $"{batch}[{string.Join(',', Enumerable.Repeat(reading, 500))}]}}"));
        Assert.Single(Faults("data", $"{batch}[{string.Join(',', Enumerable.Repeat(reading, 501))}]}}"));
    }

    [Fact]
    public void The_document_names_every_topic_that_the_agent_writes_and_a_schema_for_each()
    {
        var document = RepositoryTree.Here.Files.Single(file => file.Path == "docs/contract/asyncapi.yaml").Text;
        var addresses = Address().Matches(document).Select(match => match.Groups["topic"].Value).Order();
        var topics = new ContractTopics(new GatewayName("plant1", "gw-042"));
        Assert.Equal(
            typeof(ContractTopics).GetProperties().Select(each => (string)each.GetValue(topics)!)
                .Where(topic => topic != topics.Base && topic != topics.Trust)
                .Select(topic => topic[(topics.Base.Length + 1)..])
                .Append("answer/{request}").Order(),
            addresses);
        Assert.Contains("address: sluice/v1/{site}/trust\n", document, StringComparison.Ordinal);
        var referred = Payload().Matches(document).Select(match => match.Groups["kind"].Value).Order();
        Assert.Equal(ContractSchemas.Published.Kinds, referred);
        foreach (Match reference in Inner().Matches(document))
        {
            var name = reference.Groups["path"].Value.Split('/')[^1];
            Assert.Matches($"(?m)^ +{name}:", document);
        }
    }

    [Fact]
    public void A_message_without_a_schema_is_a_fault()
    {
        Assert.Single(Faults("birthday", "{}"));
    }

    private static List<string> Faults(string kind, string json)
    {
        using var message = JsonDocument.Parse(json);
        List<string> faults = [];
        ContractSchemas.Published.Judge(kind, message.RootElement, faults);
        return faults;
    }

    private static string Example(string kind)
    {
        var text = RepositoryTree.Here.Files.Single(file => file.Path == "agent/Publishing/WIRE.md").Text;
        var section = text[text.IndexOf($"## `<base>/{kind}`", StringComparison.Ordinal)..];
        section = section[(section.IndexOf("```json\n", StringComparison.Ordinal) + "```json\n".Length)..];
        return section[..section.IndexOf('\n', StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"^ +address: sluice/v1/\{site\}/\{gateway\}/(?<topic>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Address();

    [GeneratedRegex(@"payload: \{ \$ref: '\./schemas/(?<kind>\w+)\.json' \}")]
    private static partial Regex Payload();

    [GeneratedRegex(@"\$ref: '#/(?<path>[\w/]+)'")]
    private static partial Regex Inner();
}
