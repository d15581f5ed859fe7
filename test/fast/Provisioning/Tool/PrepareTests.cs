using System.Text.Json;
using Sluice.Agent.Configuration;
using Sluice.Provision;
using Sluice.Provisioning.Labels;
using Xunit;

namespace Sluice.Fast.Provisioning.Tool;

/// <summary>From a sheet with one line for each gateway to what goes onto each card.</summary>
public sealed class PrepareTests : IDisposable
{
    private const string Header = "gateway.id,broker.addresses,sources.hmi1.address,sources.hmi1.unitId,"
        + "sources.hmi1.signals\n";

    private const string Common = """
        {
          // What all gateways of the plant have in common.
          "gateway": { "site": "plant1" },
          "broker": { "host": "mes-broker", "network": "192.0.2.0/28", },
          "time": { "servers": ["192.0.2.11"] },
          "sources": { "hmi1": { "kind": "modbus-tcp", "profile": "weintek" } },
        }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("sluice-prepare").FullName;

    public PrepareTests()
    {
        Write("base.json", Common);
        Write("lists/press.csv", "signal,address,type\noil/temperature,LW-100,float32\n");
        Write("lists/oven.csv", "signal,address,type\nhall,LW-1,int16\ndoor,LB-12,bool\n");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Each_line_makes_a_folder_that_the_agent_accepts()
    {
        Write("plant.csv", Header
            + "gw-041,192.0.2.10 192.0.2.12,10.10.1.30,1,lists/press.csv\n"
            + "gw-042,192.0.2.10,10.10.1.31,2,lists\\oven.csv\n");
        Write("site-token", System.Text.Encoding.ASCII.GetString(
            new SiteToken("plant1", new string('a', 64)).Write()));
        var (code, said) = await PrepareAsync("--base", At("base.json"), "--token", At("site-token"));

        Assert.True(code == ToolExitCode.Fine, said);
        Assert.Contains("gw-041  1 source, 1 signal", said, StringComparison.Ordinal);
        Assert.Contains("2 cards in", said, StringComparison.Ordinal);
        foreach (var (id, list, unit, signals) in new[]
        {
            ("gw-041", "press.csv", 1, 1), ("gw-042", "oven.csv", 2, 2),
        })
        {
            var loaded = ConfigurationLoader.Load(At($"cards/{id}/gateway.json"));
            Assert.Empty(loaded.Problems);
            var source = (ModbusTcpSettings)loaded.Configuration!.Sources.Single();
            Assert.Equal((id, unit, signals), (
                loaded.Configuration.Gateway.Id, (int)source.Addresses[0].UnitId, source.Signals.Count));
            Assert.Equal(id + "\n", await File.ReadAllTextAsync(At($"cards/{id}/hostname")));
            Assert.True(File.Exists(At($"cards/{id}/{list}")));
            Assert.True(File.Exists(At($"cards/{id}/site-token")));
        }

        Assert.Equal(2, ConfigurationLoader.Load(At("cards/gw-041/gateway.json")).Configuration!
            .Broker.Addresses.Count);
    }

    [Fact]
    public async Task Every_mistake_is_told_at_the_line_where_it_is_mended_and_nothing_is_written()
    {
        Write("lists/oven.csv", "signal,address,type\nhall,LW-1,int61\n");
        Write("plant.csv", Header
            + "gw-041,192.0.2.10,10.10.1.300,1,lists/press.csv\n"
            + "# a comment, and an empty line\n\n"
            + "gw-042,10.99.0.1,10.10.1.31,one,lists/oven.csv\n"
            + "gw-043,192.0.2.10,10.10.1.32,1,lists/none.csv\n"
            + "GW-041,192.0.2.10,10.10.1.33,1,lists/oven.csv\n");
        var (code, said) = await PrepareAsync("--base", At("base.json"));
        Assert.Equal(ToolExitCode.Refused, code);
        Assert.Contains("plant.csv:7: gateway.id: \"GW-041\" is the gateway of line 2 too", said);

        Write("plant.csv", (await File.ReadAllTextAsync(At("plant.csv"))).Replace("GW-041", "gw-044"));
        (code, said) = await PrepareAsync("--base", At("base.json"));
        Assert.Equal(ToolExitCode.Refused, code);
        Assert.Contains("plant.csv:2: sources.hmi1.address: ", said);
        Assert.Contains("plant.csv:5: broker.addresses", said);
        Assert.Contains("plant.csv:5: sources.hmi1.unitId: \"one\"", said);
        Assert.Contains("plant.csv:6: sources.hmi1.signals: ", said);
        Assert.Contains("oven.csv:2: hall, type: \"int61\"", said);
        Assert.Equal(1, said.Split("int61").Length - 1);
        Assert.False(Directory.Exists(At("cards")));
    }

    [Fact]
    public async Task What_is_wrong_for_all_of_them_is_told_once_where_it_stands()
    {
        Write("base.json", Common.Replace("\"192.0.2.0/28\"", "\"192.0.2.0\""));
        Write("plant.csv", "gateway.id,broker.addresses,sources.hmi1.address,sources.hmi1.signals,buffer.sizemax\n"
            + "gw-041,192.0.2.10,10.10.1.30,lists/press.csv,1 GiB\n"
            + "gw-042,192.0.2.10,10.10.1.31,lists/press.csv,1 GiB\n");
        var (_, said) = await PrepareAsync("--base", At("base.json"), "--json");
        using var report = JsonDocument.Parse(said);
        var problems = report.RootElement.GetProperty("problems").EnumerateArray()
            .Select(each => each.GetString()!).ToList();
        Assert.Equal(65, report.RootElement.GetProperty("exitCode").GetInt32());
        Assert.Single(problems, problem => problem.Contains("base.json:4: broker.network"));
        Assert.Single(problems, problem => problem.Contains("plant.csv:1: buffer.sizemax: is not a key"));
        Assert.Equal(2, problems.Count);
    }

    [Fact]
    public async Task Without_a_common_file_the_sheet_says_everything()
    {
        Write("plant.csv", "gateway.id,gateway.site,broker.host,broker.addresses,broker.network,time.clock,"
            + "sources.hmi1.kind,sources.hmi1.address,sources.hmi1.signals,sources.hmi1.quirks.identify,light.line\n"
            + "gw-041,plant1,mes-broker,192.0.2.10,192.0.2.0/28,trusted,modbus-tcp,10.10.1.30,lists/oven.csv,FALSE,\n");
        Write("lists/oven.csv", "signal,address,type\nhall,holding:1,int16\n");
        var (code, said) = await PrepareAsync();
        Assert.True(code == ToolExitCode.Fine, said);
        Assert.Contains("\"identify\": false", await File.ReadAllTextAsync(At("cards/gw-041/gateway.json")));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("gateway.id\n", "no gateway")]
    [InlineData("gateway.site\nplant1\n", "gateway.id: is missing in the header")]
    [InlineData("gateway.id;gateway.site\n", "semicolons")]
    [InlineData("gateway.id,,gateway.site\na,b,c\n", "column without a name")]
    [InlineData("gateway.id,gateway.id\na,b\n", "second time")]
    [InlineData("gateway.id,broker,broker.host\na,b,c\n", "cannot hold a value")]
    [InlineData("gateway.id,broker.\na,b\n", "no key of gateway.json")]
    [InlineData("gateway.id\na,b\n", "a cell more")]
    [InlineData("gateway.id,gateway.site\n,plant1\n", "is empty: each gateway")]
    public async Task A_sheet_that_is_none_is_refused_in_words(string sheet, string words)
    {
        Write("plant.csv", sheet);
        var (code, said) = await PrepareAsync("--base", At("base.json"));
        Assert.Equal(ToolExitCode.Refused, code);
        Assert.Contains(words, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_lists_that_would_have_the_same_name_on_the_card_are_refused()
    {
        Write("other/press.csv", "signal,address,type\nx,LW-1,int16\n");
        Write("plant.csv", Header.TrimEnd() + ",sources.hmi2.kind,sources.hmi2.address,sources.hmi2.profile,"
            + "sources.hmi2.signals\n"
            + "gw-041,192.0.2.10,10.10.1.30,1,lists/press.csv,modbus-tcp,10.10.1.31,weintek,other/press.csv\n");
        var (code, said) = await PrepareAsync("--base", At("base.json"));
        Assert.Equal(ToolExitCode.Refused, code);
        Assert.Contains("plant.csv:2: sources.hmi2.signals", said);
        Assert.Contains("the same name press.csv", said);
    }

    [Fact]
    public async Task A_token_of_another_plant_is_refused()
    {
        Write("plant.csv", Header + "gw-041,192.0.2.10,10.10.1.30,1,lists/press.csv\n");
        Write("site-token", System.Text.Encoding.ASCII.GetString(
            new SiteToken("plant2", new string('a', 64)).Write()));
        var (code, said) = await PrepareAsync("--base", At("base.json"), "--token", At("site-token"));
        Assert.Equal(ToolExitCode.Refused, code);
        Assert.Contains("is for the site plant2, and gw-041 is of plant1", said);
    }

    private async Task<(int Code, string Said)> PrepareAsync(params string[] more)
    {
        using var said = new StringWriter { NewLine = "\n" };
        var code = await new ToolCommandLine { Output = said, Error = said }.InvokeAsync(
            ["prepare", At("plant.csv"), "--out", At("cards"), .. more], TestContext.Current.CancellationToken);
        return (code, said.ToString());
    }

    private string At(string name) => Path.Combine(folder, name);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
    }
}
