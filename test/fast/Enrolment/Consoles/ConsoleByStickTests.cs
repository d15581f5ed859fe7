using Sluice.Agent;
using Sluice.Agent.CommandLine.Consoles;
using Sluice.Agent.Enrolment.Consoles;
using Sluice.Fast.Enrolment.Sticks;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provisioning.Bundles;
using Xunit;

namespace Sluice.Fast.Enrolment.Consoles;

/// <summary>From the stick to the menu, with a real identity directory.</summary>
public sealed class ConsoleByStickTests : IClassFixture<BundleBench>, IDisposable
{
    private const string Token = BundleBench.Gateway + StickLayout.ConsoleEnding;
    private const string Taken = BundleBench.Gateway + StickLayout.ConsoleTakenEnding;
    private readonly BundleBench bench;
    private readonly StickGateway gateway;
    private readonly SimulatedStick stick = new();

    public ConsoleByStickTests(BundleBench bench)
    {
        this.bench = bench;
        gateway = new StickGateway(bench.KeyAndRequest);
        Directory.CreateDirectory(gateway.ConsoleFolder);
    }

    public void Dispose() => gateway.Dispose();

    [Fact]
    public async Task A_stick_with_a_token_opens_the_console_once()
    {
        stick.Files[StickGateway.Bundle] = bench.First;
        stick.Files[Token] = Sealed();
        var report = await gateway.PlugInAsync(stick);
        Assert.True(report.Worked, report.Sentence);
        Assert.Contains("console: done\r\n  The console opens for J. Doe, for 30 minutes.",
            stick.Text(StickGateway.Report), StringComparison.Ordinal);
        Assert.False(stick.Files.ContainsKey(Token));
        Assert.Contains(gateway.Audit, line => line is { Verb: "console", Result: "done" }
            && line.Text.Contains("for J. Doe", StringComparison.Ordinal));

        Assert.Equal("J. Doe", ConsoleGrant.Take(gateway.ConsoleFolder)!.Person);
        Assert.Null(ConsoleGrant.Take(gateway.ConsoleFolder));

        // Somebody gives the token its first name back.
        stick.Files[Token] = stick.Files[Taken];
        var again = await gateway.PlugInAsync(stick);
        Assert.Equal(ExitCode.Unclear, again.ExitCode);
        Assert.Contains("has opened this console before", stick.Text(StickGateway.Report), StringComparison.Ordinal);
        Assert.Null(ConsoleGrant.Take(gateway.ConsoleFolder));
    }

    [Fact]
    public async Task A_gateway_that_believes_nobody_yet_opens_to_nobody()
    {
        stick.Files[Token] = Sealed();
        var report = await gateway.PlugInAsync(stick);
        Assert.False(report.Worked);
        Assert.Contains("believes nobody yet", report.Sentence, StringComparison.Ordinal);
        Assert.Null(ConsoleGrant.Take(gateway.ConsoleFolder));
    }

    [Fact]
    public async Task A_machine_without_such_a_console_says_so()
    {
        Directory.Delete(gateway.ConsoleFolder);
        stick.Files[StickGateway.Bundle] = bench.First;
        stick.Files[Token] = Sealed();
        var report = await gateway.PlugInAsync(stick);
        Assert.Equal(ExitCode.Unavailable, report.ExitCode);
        Assert.Contains("no console that opens by a token", report.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_grant_the_verb_opens_nothing()
    {
        var error = new StringWriter();
        var verb = new ConsoleVerb(
            TextReader.Null, TextWriter.Null, error, (_, _) => throw new InvalidOperationException(),
            TimeProvider.System)
        {
            Folder = gateway.ConsoleFolder,
        };
        Assert.Equal(ExitCode.Unclear, await verb.Command().Parse([]).InvokeAsync());
        Assert.Contains("No token has opened this console.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_a_machine_hangs_on_is_no_console()
    {
        var file = Path.Combine(gateway.ConsoleFolder, "gateway.json");
        await File.WriteAllTextAsync(file, SerialGateway());
        await File.WriteAllTextAsync(
            Path.Combine(gateway.ConsoleFolder, "drives.csv"), "signal,address,type\na,holding:1,int16\n");
        await File.WriteAllBytesAsync(
            Path.Combine(gateway.ConsoleFolder, ConsoleGrant.FileName), new ConsoleGrant("t", 1, "J. Doe").Write());
        var error = new StringWriter();
        var verb = new ConsoleVerb(
            TextReader.Null, TextWriter.Null, error, (_, _) => throw new InvalidOperationException(),
            TimeProvider.System)
        {
            Folder = gateway.ConsoleFolder,
            Terminal = "/dev/ttyS0",
        };
        Assert.Equal(ExitCode.Unclear, await verb.Command().Parse(["--config", file]).InvokeAsync());
        Assert.Contains("/dev/ttyS0 is the line of the source drives.", error.ToString(), StringComparison.Ordinal);

        // The token is used up all the same: what started this would start it again and again.
        Assert.Null(ConsoleGrant.Take(gateway.ConsoleFolder));
    }

    private byte[] Sealed() => bench.Seal(EnvelopeKind.Console, ConsoleTokenTests.Right.Write());

    private static string SerialGateway() => """
        {
          "gateway": { "site": "plant1", "id": "gw-042" },
          "broker": { "host": "broker.plant1", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
          "sources": {
            "drives": { "kind": "modbus-rtu", "port": "/dev/ttyS0", "unitId": 1, "signals": "drives.csv" }
          }
        }
        """;
}
