using System.Globalization;
using Sluice.Agent.CommandLine.Examining;
using Sluice.Agent.Doctor;
using Sluice.Agent.Health;
using Sluice.Agent.Watching;
using Sluice.Fast.Doctor;
using Sluice.Fast.Repository;
using Sluice.Provision;
using Sluice.Provisioning.Verbs;
using Spectre.Console;
using Xunit;

namespace Sluice.Fast.Commissioning;

/// <summary>
/// The pictures in docs/guides/installer.md are what the programs draw, of a plant that is made up. <c>make views</c>
/// writes them anew.
/// </summary>
public sealed class InstallerViewsTests : IDisposable
{
    private const string Sheet = """
        gateway.id,sources.hmi1.address,sources.hmi1.signals,sources.drives.unitId
        gw-041,10.10.1.30,lists/press.csv,1
        gw-042,10.10.2.30,lists/press.csv,1
        gw-043,10.10.3.30,lists/oven.csv,4

        """;

    private const string Common = """
        {
          "gateway": { "site": "plant1" },
          "broker": { "host": "mes-broker.dmz.plant1", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28",
                      "interface": "eth1" },
          "time": { "servers": ["192.0.2.11"] },
          "sources": {
            "hmi1": { "kind": "modbus-tcp", "profile": "weintek" },
            "drives": { "kind": "modbus-rtu", "port": "/dev/serial/by-path/platform-usb-0:1.2:1.0-port0",
                        "signals": "lists/drives.csv" }
          }
        }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("sluice-views").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_pictures_are_what_the_programs_draw()
    {
        var views = new (string Name, string Text)[]
        {
            ("prepare", await PrepareAsync()), ("prepare-mistakes", await MistakesAsync()),
            ("doctor", Doctor(SoundGateway.AtWork, onlyTroubles: false)),
            ("doctor-troubles", Doctor(Troubled(), onlyTroubles: true)),
            ("status", "gateway$ sluice-agent status\n" + StatusText.Render(Report(59)).TrimEnd() + "\n"),
            ("watch", "gateway$ sluice-agent watch\n" + Watched()),
        };
        var file = Path.Combine(RepositoryTree.FindRoot(), "docs", "guides", "installer.md");
        var guide = await File.ReadAllTextAsync(file);
        var copied = views.Aggregate(guide, Put);
        if (Environment.GetEnvironmentVariable("SLUICE_VIEWS") == "write")
        {
            await File.WriteAllTextAsync(file, copied);
            return;
        }

        Assert.True(copied == guide, "The pictures have changed; 'make views' writes them. They are:\n\n"
            + string.Join('\n', views.Select(view => $"{view.Name}:\n{view.Text}")));
    }

    private static string Put(string guide, (string Name, string Text) view)
    {
        var begin = $"<!-- view: {view.Name} -->\n```\n";
        var at = guide.IndexOf(begin, StringComparison.Ordinal);
        Assert.True(at >= 0, $"The guide has no place for the view '{view.Name}'.");
        var end = guide.IndexOf("```\n", at + begin.Length, StringComparison.Ordinal);
        var lines = view.Text.Replace(Environment.NewLine, "\n", StringComparison.Ordinal).Split('\n')
            .Select(line => line.TrimEnd());
        return guide[..(at + begin.Length)] + string.Join('\n', lines).TrimEnd() + "\n" + guide[end..];
    }

    private async Task<string> PrepareAsync()
    {
        Write("plant.csv", Sheet);
        Write("plant.json", Common);
        Write("lists/press.csv", "signal,address,type\noil/temperature,LW-100,float32\ncycles,LW-110,uint32\n");
        Write("lists/oven.csv", "signal,address,type\nhall/temperature,LW-20,float32\n");
        Write("lists/drives.csv", "signal,address,type,scale,unit\nmotor/current,input:30,int16,0.01,A\n");
        return $"laptop$ cat plant.csv\n{Sheet}"
            + "laptop$ sluice-provision prepare plant.csv --base plant.json --out cards\n"
            + await RunAsync(ToolExitCode.Fine);
    }

    private async Task<string> MistakesAsync()
    {
        Write("plant.csv", Sheet.Replace("10.10.2.30", "10.10.2.300", StringComparison.Ordinal)
            .Replace(",4\n", ",400\n", StringComparison.Ordinal));
        Write("lists/press.csv", "signal,address,type\noil/temperature,LW-100,flaot32\ncycles,LW-110,uint32\n");
        return "laptop$ sluice-provision prepare plant.csv --base plant.json --out cards\n"
            + await RunAsync(ToolExitCode.Refused);
    }

    private async Task<string> RunAsync(int wanted)
    {
        using var said = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var code = await new ToolCommandLine { Output = said, Error = said }.InvokeAsync(
            ["prepare", At("plant.csv"), "--base", At("plant.json"), "--out", At("cards")],
            TestContext.Current.CancellationToken);
        Assert.True(code == wanted, said.ToString());
        return said.ToString().Replace(At("x")[..^1], "", StringComparison.Ordinal);
    }

    private static string Doctor(CheckupFacts facts, bool onlyTroubles) =>
        $"gateway$ sluice-agent doctor{(onlyTroubles ? " --troubles" : "")}\n"
        + DoctorText.Render(facts, Checkup.Examine(facts), onlyTroubles);

    /// <summary>A cable that is out, a panel whose project has no server, and nobody told the broker of the gateway.
    /// </summary>
    private static CheckupFacts Troubled()
    {
        var sound = SoundGateway.WithoutAgent;
        return sound with
        {
            Trial = [.. SoundGateway.Steps("connection").Take(1), new VerbStep("connection", false,
                "192.0.2.10:8883 does not answer: the broker's machine is off, a cable is out, or a firewall drops "
                + "the packets.")],
            Cards = [sound.Cards[0], sound.Cards[1] with { HasCarrier = false }],
            Sources =
            [
                sound.Sources[0] with
                {
                    IsReached = false, IsRefused = true, Signals = null,
                    Units = [new UnitFacts(1, null, "no connection")],
                    Sentence = "10.10.1.30:502 refuses the connection: check the port, and that its Modbus server is "
                        + "switched on",
                },
                sound.Sources[1],
            ],
        };
    }

    private static string Watched()
    {
        var course = new WatchCourse();
        for (var second = 0; second < 60; second++)
        {
            course.Observe(Report(second));
        }

        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 110;
        console.Write(WatchScreen.Of(course.View!, 40, ""));
        return text.ToString();
    }

    /// <summary>A minute of a press: it warms up, and counts its cycles.</summary>
    private static StatusReport Report(int second)
    {
        var now = SoundGateway.Now.UtcDateTime.AddSeconds(second);
        var oil = Math.Round(44 + (9 * Math.Sin(second / 9.0)), 1);
        var sound = SoundGateway.Report;
        return sound with
        {
            Now = now,
            UptimeSeconds = 93_600 + second,
            Uplink = sound.Uplink with
            {
                InFlight = 1, Acknowledged = 812_300 + (12 * second), AcknowledgedBytes = 1080 * second, Card = "eth1",
                Lanes = new LanesStatus(second % 3, 0, 4_310, 0),
                Answers = new AnswerStatus(0.011 + (second % 5 * 0.001), 0.041),
            },
            Buffer = sound.Buffer with { Waiting = 3 + (second % 4) },
            Renewal = new RenewalStatus("idle", "", "0003", "17", now.AddDays(335), SoundGateway.Now.AddDays(220)),
            Sources =
            [
                new SourceStatus("hmi1", "connected", "", 3, 0, 0, "", 0.0042, 0, 700 + (10 * second),
                    new Dictionary<string, long>())
                {
                    Units = [new UnitStatus(1, "answers", 3, 3, "")],
                    Signals =
                    [
                        Signal("hmi1/oil/temperature", oil, "degC", now),
                        Signal("hmi1/cycles", 65_000 + second, "", now),
                        Signal("hmi1/door/open", second % 20 < 4 ? 1 : 0, "", now),
                    ],
                },
                new SourceStatus("drives", "connected", "1 of its units do not answer", 1, 0, 1, "Timeout", 0.087, 0,
                    90 + (2 * second), new Dictionary<string, long>())
                {
                    Units = [new UnitStatus(1, "answers", 1, 1, ""), new UnitStatus(2, "silent", 0, 1, "Timeout")],
                    Signals =
                    [
                        Signal("drives/motor1/current", Math.Round(3 + Math.Cos(second / 4.0), 2), "A", now),
                        new SignalStatus("drives/motor2/current", "", "A", "Bad/Timeout", now),
                    ],
                },
            ],
            Attention = ["Source drives: 1 of its units do not answer"],
        };
    }

    private static SignalStatus Signal(string name, double value, string unit, DateTime at) => new(
        name, value.ToString(CultureInfo.InvariantCulture), unit, "Good", at.AddMilliseconds(-400)) { Number = value };

    private string At(string name) => Path.Combine(folder, name);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
    }
}
