using System.Text;
using Sluice.Agent.CommandLine;
using Sluice.Agent.OwnCard;
using Sluice.Fast.Enrolment.Sticks;
using Xunit;

namespace Sluice.Fast.OwnCard;

/// <summary>What a gateway takes from its own card: all of it right, or nothing.</summary>
public sealed class CardContentsTests : IDisposable
{
    private readonly SimulatedStick card = new();
    private readonly string folder = Directory.CreateTempSubdirectory("sluice-card-").FullName;

    public CardContentsTests()
    {
        Directory.CreateDirectory(At("etc"));
        Directory.CreateDirectory(At("services/network"));
        Directory.CreateDirectory(At("services/time"));
        Directory.CreateDirectory(At("card/sluice"));
        Put("gateway.json", Gateway("gw-1"));
        Put("made-up.csv", "signal,address,type\nwave,sine,float64\n");
        Put("hostname", "gw-1\r\n");
        Put("network.txt", "eth0 192.0.2.2/28\n");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void All_of_it_is_right_and_gateway_json_comes_last()
    {
        var contents = CardContents.Read(card, null);
        Assert.True(contents.IsRight, string.Join('\n', contents.Problems));
        Assert.Equal(["made-up.csv", "hostname", "gateway.json"], contents.Files.Select(file => file.Key));
        Assert.Equal("gw-1\n", Encoding.ASCII.GetString(contents.Files[1].Value));
        Assert.Contains("NTP=192.0.2.11\nFallbackNTP=\n", Encoding.ASCII.GetString(contents.Time));
    }

    [Fact]
    public void A_card_without_a_configuration_asks_for_nothing()
    {
        card.Files.Clear();
        var contents = CardContents.Read(card, null);
        Assert.Null(contents.Loaded);
        Assert.Empty(contents.Problems);
        Assert.False(contents.IsRight);
    }

    [Theory]
    [InlineData("gateway.json", "{", "gateway.json")]
    [InlineData("made-up.csv", "signal,address,type\nwave,sine,flaot\n", "made-up.csv:2")]
    [InlineData("hostname", "gw 1", "is no name for a machine")]
    [InlineData("hostname", "-gw", "is no name for a machine")]
    [InlineData("network.txt", "eth0 192.0.2.2", "has no length")]
    [InlineData("site-token", "x", "the site token is damaged")]
    public void One_mistake_anywhere_and_nothing_is_right(string file, string text, string words)
    {
        Put(file, text);
        var contents = CardContents.Read(card, null);
        Assert.False(contents.IsRight);
        Assert.Contains(contents.Problems, problem => $"{problem}".Contains(words, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("../made-up.csv")]
    [InlineData("lists/made-up.csv")]
    [InlineData("site-token")]
    [InlineData(".profile")]
    public void A_list_lies_beside_gateway_json_and_nowhere_else(string name)
    {
        Put("gateway.json", Gateway("gw-1").Replace("made-up.csv", name, StringComparison.Ordinal));
        Put(name, "signal,address,type\nwave,sine,float64\n");
        Assert.False(CardContents.Read(card, null).IsRight);
    }

    [Fact]
    public void The_card_of_another_cabinet_is_refused()
    {
        var own = CardContents.Read(card, null).Loaded!.Configuration;
        Put("gateway.json", Gateway("gw-2"));
        var contents = CardContents.Read(card, own);
        Assert.False(contents.IsRight);
        Assert.Contains("is gw-2 of plant1, and this gateway is gw-1 of plant1", $"{contents.Problems[0]}");
    }

    /// <summary>The verb itself, on real folders.</summary>
    [Fact]
    public async Task What_is_right_is_taken_once_and_what_is_wrong_changes_nothing()
    {
        Put("site-token", $"sluice-site-token 1\nsite plant1\nroot {new string('a', 64)}\n");
        Lay();
        Assert.Equal(0, await TakeAsync());
        Assert.Contains("Taken from the card: plant1/gw-1, configuration ", Report());
        Assert.Equal(Gateway("gw-1"), File.ReadAllText(At("etc/gateway.json")));
        Assert.Equal("gw-1\n", File.ReadAllText(At("etc/hostname")));
        Assert.True(File.Exists(At("etc/site-token")));
        Assert.False(File.Exists(At("card/sluice/site-token")), "whoever holds the card next has it");
        Assert.True(File.Exists(At("services/network/10-sluice-eth0.network")));

        Assert.Equal(0, await TakeAsync());
        Assert.Contains("It has what is on the card", Report());
        var written = File.GetLastWriteTimeUtc(At("card/sluice/card.report.txt"));
        Assert.Equal(0, await TakeAsync());
        Assert.Equal(written, File.GetLastWriteTimeUtc(At("card/sluice/card.report.txt")));

        File.WriteAllText(At("card/sluice/network.txt"), "eth1 192.0.2.3/28\n");
        Assert.Equal(0, await TakeAsync());
        Assert.Equal(
            ["10-sluice-eth1.network"], Directory.GetFiles(At("services/network")).Select(Path.GetFileName));

        File.WriteAllText(
            At("card/sluice/gateway.json"), Gateway("gw-1").Replace("1 s", "1", StringComparison.Ordinal));
        Assert.Equal(65, await TakeAsync());
        Assert.Contains("gateway.json:5", Report());
        Assert.Equal(Gateway("gw-1"), File.ReadAllText(At("etc/gateway.json")));
    }

    [Fact]
    public async Task A_machine_in_trouble_says_so_on_its_card()
    {
        File.WriteAllText(At("troubles"), "The data partition cannot be used.\n");
        Assert.Equal(0, await TakeAsync());
        Assert.Contains("There is no configuration on the card.", Report());
        Assert.Contains("The data partition cannot be used.", Report());
        Assert.EndsWith("End of this report.\r\n", Report());
    }

    private static string Gateway(string id) => $$"""
        { "gateway": { "site": "plant1", "id": "{{id}}" },
          "broker": { "host": "mes-broker.dmz.plant1", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
          "time": { "servers": ["192.0.2.11"] },
          "sources": {
            "demo": { "kind": "simulated", "every": "1 s", "signals": "made-up.csv" } } }
        """;

    private string At(string name) => Path.Combine(folder, name);

    private void Put(string name, string text) => card.Files[name] = Encoding.UTF8.GetBytes(text);

    private void Lay()
    {
        foreach (var (name, bytes) in card.Files)
        {
            File.WriteAllBytes(At($"card/sluice/{name}"), bytes);
        }
    }

    private string Report() => File.ReadAllText(At("card/sluice/card.report.txt"));

    private Task<int> TakeAsync() => new AgentCommandLine
    {
        Output = TextWriter.Null,
        Error = TextWriter.Null,
    }.InvokeAsync(
        ["card", "take", At("card"), "--config", At("etc/gateway.json"), "--services", At("services"),
            "--troubles", At("troubles")], TestContext.Current.CancellationToken);
}
