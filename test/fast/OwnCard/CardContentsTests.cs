using System.Text;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment.Wiping;
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

    [Fact]
    public async Task After_a_wipe_nothing_of_it_is_here_or_on_the_card_and_it_is_not_taken_again()
    {
        Put("gw-1.bundle", "a bundle");
        Put("gw-2.bundle", "of somebody else");
        Lay();
        Assert.Equal(0, await TakeAsync());
        var hash = await WipedAsync();
        Assert.True(File.Exists(At("etc/gateway.json")), "the agent's user may not delete it, and leaves a mark");

        Assert.Equal(0, await ForgetAsync(new string('0', 64)));
        Assert.True(File.Exists(At("etc/gateway.json")), "another one than what was wiped stays");
        Assert.Equal(0, await ForgetAsync(hash));
        Assert.Equal(["gateway.json.wiped"], Directory.GetFiles(At("etc")).Select(Path.GetFileName));
        Assert.Equal(["card.report.txt", "gw-2.bundle"],
            Directory.GetFiles(At("card/sluice")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFiles(At("services"), "*", SearchOption.AllDirectories));

        Assert.Equal(0, await ForgetAsync(hash));
        Assert.Equal(0, await TakeAsync());
        Assert.Contains("There is no configuration on the card. Gateway gw-1 of plant1 was wiped at ", Report());
    }

    [Fact]
    public async Task A_card_that_was_laid_anew_since_the_wipe_is_left_alone()
    {
        Lay();
        Assert.Equal(0, await TakeAsync());
        var hash = await WipedAsync();
        File.WriteAllText(At("card/sluice/gateway.json"), Gateway("gw-7"));
        Assert.Equal(0, await ForgetAsync(hash));
        Assert.False(File.Exists(At("etc/gateway.json")));
        Assert.Equal(0, await TakeAsync());
        Assert.Contains("Taken from the card: plant1/gw-7", Report());
    }

    /// <summary>What a wipe by the agent's user does to the configuration: its hash in a mark.</summary>
    private async Task<string> WipedAsync()
    {
        var file = At("etc/gateway.json");
        var own = ConfigurationLoader.Load(file).Configuration!;
        var files = new GatewayFilesToWipe(own, file, folder, TimeProvider.System, isOnOwnCard: true);
        foreach (var target in files.After)
        {
            Assert.Null(await target.Destroy(TestContext.Current.CancellationToken));
        }

        return File.ReadAllText(At(WipedMark.FileName));
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

    private Task<int> TakeAsync() => RunAsync("take", "--troubles", At("troubles"));

    private Task<int> ForgetAsync(string hash) => RunAsync("forget", "--configuration", hash);

    private Task<int> RunAsync(string what, params string[] more) => new AgentCommandLine
    {
        Output = TextWriter.Null,
        Error = TextWriter.Null,
    }.InvokeAsync(
        ["card", what, At("card"), "--config", At("etc/gateway.json"), "--services", At("services"), .. more],
        TestContext.Current.CancellationToken);
}
