using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Mes;

/// <summary>What the gateway's side writes down, the receiver's side must read without a complaint.</summary>
public sealed partial class Wire_examples
{
    [Fact]
    public void Each_example_of_the_wire_description_is_read_without_a_violation()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "agent", "Publishing", "WIRE.md"));
        var ledger = new StreamLedger("plant1");
        var kinds = new List<string>();
        foreach (Match section in Section().Matches(text))
        {
            var kind = section.Groups["kind"].Value;
            foreach (Match example in Example().Matches(section.Groups["body"].Value))
            {
                kinds.Add(kind);
                var payload = Encoding.UTF8.GetBytes(example.Groups["json"].Value);
                ledger.Receive(
                    new MesMessage($"sluice/v1/plant1/gw-042/{kind}", new ReadOnlySequence<byte>(payload))
                    {
                        Retained = kind is not ("data" or "answer" or "ask"),
                        ContentType = "application/json",
                        Contract = "1",
                    },
                    DateTimeOffset.UnixEpoch);
            }
        }

        Assert.Equal(["answer", "ask", "birth", "data", "ledger", "posture", "status"], kinds.Distinct().Order());
        Assert.Empty(ledger.Violations.Select(violation => $"{violation.Topic}: {violation.Sentence}"));
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "agent.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("The tests run inside the repository.");
    }

    [GeneratedRegex(@"^## `<base>/(?<kind>\w+)`(?<body>.*?)(?=^## |\z)",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Section();

    [GeneratedRegex(@"```json\n(?<json>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
