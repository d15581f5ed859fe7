using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Packages;

/// <summary>
/// The release's sluice-provision for Windows, started by Debian's Wine beside the one for Linux. Wine is not Windows:
/// what is shown is that the file starts with the runtime in it, and that what it makes of the same sheet is the same.
/// </summary>
[Collection(nameof(MadeRelease))]
public sealed class The_tool_for_Windows : IDisposable
{
    private const string Common = """
        {
          "gateway": { "site": "plant1" },
          "broker": { "host": "mes-broker", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
          "time": { "servers": ["192.0.2.11"] },
          "sources": { "hmi1": { "kind": "modbus-tcp", "profile": "weintek" } },
        }
        """;

    private readonly MadeRelease release;
    private readonly FieldDirectory directory = new();

    public The_tool_for_Windows(MadeRelease release)
    {
        this.release = release;
        foreach (var side in new[] { "windows", "linux" })
        {
            Directory.CreateDirectory(directory.At(side, "lists"));
            Write(side, "base.json", Common);
            Write(side, "lists/press.csv", "signal,address,type\noil/temperature,LW-100,float32\n");

            // As a spreadsheet there writes it.
            Write(side, "lists/Ofen 2.csv", "signal,address,type\r\nhall/warm,LW-1,int16\r\n");
            Write(side, "plant.csv", "gateway.id,sources.hmi1.address,sources.hmi1.signals\r\n"
                + "gw-041,10.10.1.30,lists/press.csv\r\ngw-042,10.10.1.31,lists\\Ofen 2.csv\r\n");
        }

        File.Copy(
            release.At("sluice-provision-VERSION-win-x64.exe"), directory.At("windows", "sluice-provision.exe"));
        File.Copy(release.At("sluice-provision-VERSION-linux-x64"), directory.At("linux", "sluice-provision"));
    }

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Starts_and_knows_its_version() =>
        Assert.Equal(release.Version, (await OnWindowsAsync("--version")).MustHaveWorked().Trim());

    [Fact]
    public async Task Prepares_the_same_cards_as_that_for_Linux_to_the_last_byte()
    {
        string[] line = ["prepare", "plant.csv", "--base", "base.json", "--out", "cards"];
        var (there, here) = (await OnWindowsAsync(line), await OnLinuxAsync(line));
        Assert.Contains("2 cards in cards", there.MustHaveWorked());
        Assert.Equal(here.MustHaveWorked(), Plain(there));

        var files = Made("linux");
        Assert.Equal(
            [
                "gw-041/gateway.json", "gw-041/hostname", "gw-041/press.csv",
                "gw-042/Ofen 2.csv", "gw-042/gateway.json", "gw-042/hostname",
            ],
            files);
        Assert.Equal(files, Made("windows"));
        foreach (var file in files)
        {
            Assert.Equal(
                await File.ReadAllBytesAsync(directory.At("linux", "cards", file)),
                await File.ReadAllBytesAsync(directory.At("windows", "cards", file)));
        }

        // Again, over what is there, after a change of the sheet.
        foreach (var side in new[] { "windows", "linux" })
        {
            Write(side, "plant.csv", (await File.ReadAllTextAsync(directory.At(side, "plant.csv")))
                .Replace("10.10.1.31", "10.10.1.32", StringComparison.Ordinal));
        }

        (await OnWindowsAsync(line)).MustHaveWorked();
        (await OnLinuxAsync(line)).MustHaveWorked();
        var changed = await File.ReadAllBytesAsync(directory.At("linux", "cards", "gw-042", "gateway.json"));
        Assert.Equal(changed, await File.ReadAllBytesAsync(directory.At("windows", "cards/gw-042/gateway.json")));
        Assert.Contains("10.10.1.32", System.Text.Encoding.UTF8.GetString(changed));
    }

    [Fact]
    public async Task Refuses_what_that_for_Linux_refuses_at_the_same_lines_and_writes_nothing()
    {
        foreach (var side in new[] { "windows", "linux" })
        {
            Write(side, "lists/press.csv", "signal,address,type\noil/temperature,LW-100,flaot32\n");
            Write(side, "plant.csv", "gateway.id,sources.hmi1.address,sources.hmi1.signals\r\n"
                + "gw-041,10.10.1.300,lists/press.csv\r\ngw-042,10.10.1.31,lists/none.csv\r\n");
        }

        string[] line = ["prepare", "plant.csv", "--base", "base.json", "--out", "cards"];
        var said = await AreTheSameAsync(line, 65);
        Assert.Contains("plant.csv:2: sources.hmi1.address: \"10.10.1.300\"", said);
        Assert.Contains("lists/press.csv:2: oil/temperature, type: \"flaot32\"", said);
        Assert.False(Directory.Exists(directory.At("windows", "cards")));

        foreach (var side in new[] { "windows", "linux" })
        {
            Write(side, "plant.csv", "gateway.id,sources.hmi1.address,sources.hmi1.signals\n"
                + "../gw-043,10.10.1.33,lists/Ofen 2.csv\n");
        }

        Assert.Contains("\"../gw-043\" cannot be a name", await AreTheSameAsync(line, 65));
        Assert.False(Directory.Exists(directory.At("windows", "cards")));
        Assert.False(Directory.Exists(directory.At("windows", "gw-043")));
        Assert.Contains("is not there", await AreTheSameAsync(["prepare", "nowhere.csv", "--out", "cards"], 65));
        Assert.Contains("'--out' is required", await AreTheSameAsync(["prepare", "plant.csv"], 64));
    }

    [Fact]
    public async Task Says_of_a_CA_that_is_not_there_what_to_do()
    {
        var said = await OnWindowsAsync("list", "--ca", "ca");
        Assert.Equal(69, said.Code);
        Assert.Contains("There is no CA in Z:\\work\\ca.", said.Text, StringComparison.Ordinal);
    }

    /// <summary>What both say, which comes by two streams, so that the order of lines is nobody's.</summary>
    private async Task<string> AreTheSameAsync(string[] line, int code)
    {
        var (there, here) = (await OnWindowsAsync(line), await OnLinuxAsync(line));
        Assert.Equal((code, code), (here.Code, there.Code));
        Assert.Equal(
            here.Text.Split('\n').Order(StringComparer.Ordinal),
            Plain(there).Split('\n').Order(StringComparer.Ordinal));
        return here.Text;
    }

    /// <summary>But for how a line ends and a folder is written.</summary>
    private static string Plain(Said said) =>
        said.Text.Replace("\r", "", StringComparison.Ordinal).Replace('\\', '/');

    private Task<Said> OnWindowsAsync(params string[] arguments) => Commands.RunAsync(
        Path.Combine(FieldDirectory.Repository(), "test/packages/roots/in-wine.sh"),
        [
            Path.Combine(FieldDirectory.Repository(), ".cache/packages-wine/root"), directory.At("windows"),
            "sluice-provision.exe", .. arguments,
        ]);

    private Task<Said> OnLinuxAsync(string[] arguments) => Commands.RunAsync(
        "env", ["-C", directory.At("linux"), directory.At("linux", "sluice-provision"), .. arguments]);

    private List<string> Made(string side)
    {
        var cards = directory.At(side, "cards");
        return
        [
            .. Directory.GetFiles(cards, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(cards, file)).Order(StringComparer.Ordinal),
        ];
    }

    private void Write(string side, string name, string text) => File.WriteAllText(directory.At(side, name), text);
}
