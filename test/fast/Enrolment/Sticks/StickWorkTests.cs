using System.Text;
using Sluice.Agent;
using Sluice.Agent.Enrolment.Sticks;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provisioning.Bundles;
using Xunit;

namespace Sluice.Fast.Enrolment.Sticks;

/// <summary>What a stick may do to a gateway, and what it may not.</summary>
public sealed class StickWorkTests(BundleBench bench) : IClassFixture<BundleBench>, IDisposable
{
    private readonly StickGateway gateway = new(bench.KeyAndRequest);
    private readonly SimulatedStick stick = new();

    private string Report => stick.Text(StickGateway.Report);

    public void Dispose() => gateway.Dispose();

    [Fact]
    public async Task A_bundle_is_tried_with_the_broker_and_put_into_use()
    {
        stick.Files[StickGateway.Bundle] = bench.First;

        var report = await gateway.PlugInAsync(stick);

        Assert.True(report.Worked, report.Sentence);
        Assert.Equal("0001", gateway.State.Active);
        Assert.Contains("bundle: done", Report);
        Assert.Contains("putting it into use: done\r\n  Version 0001 is in use", Report);
        Assert.Contains("the clock is set.", Report);
        Assert.EndsWith(StickReport.LastLine + "\r\n", Report);
        Assert.Equal(3, report.Jobs!.Count);
        Assert.Equal(["sluice", "a stick"], [gateway.Audit[0].User, gateway.Audit[0].Terminal]);
        Assert.Contains(gateway.Audit, line => line is { Verb: "stick", Result: "begun" });
    }

    [Fact]
    public async Task The_same_stick_again_finds_everything_done()
    {
        stick.Files[StickGateway.Bundle] = bench.First;
        await gateway.PlugInAsync(stick);
        var before = gateway.Snapshot();

        var again = await gateway.PlugInAsync(stick);

        Assert.True(again.Worked, again.Sentence);
        Assert.Contains("This bundle is here already: version 0001.", Report);
        Assert.Equal(before, gateway.Snapshot());
    }

    [Fact]
    public async Task What_the_broker_does_not_accept_is_not_put_into_use_and_is_tried_again_the_next_time()
    {
        stick.Files[StickGateway.Bundle] = bench.First;
        gateway.IsAccepted = false;

        var report = await gateway.PlugInAsync(stick);

        Assert.Equal(ExitCode.Unavailable, report.ExitCode);
        Assert.Equal(("0001", null), (gateway.State.Staged, gateway.State.Active));
        Assert.Contains("FAILED  connection: 192.0.2.10:8883 does not answer", Report);
        Assert.Contains("It was not put into use", Report);

        gateway.IsAccepted = true;
        Assert.True((await gateway.PlugInAsync(stick)).Worked);
        Assert.Equal("0001", gateway.State.Active);
    }

    [Fact]
    public async Task Nobody_is_there_to_confirm_a_first_root_so_a_stick_alone_does_not_bring_one()
    {
        stick.Files[StickGateway.Bundle] = bench.First;
        gateway.ConfirmsRoot = false;
        var before = gateway.Snapshot();

        var report = await gateway.PlugInAsync(stick);

        Assert.Equal(ExitCode.Unclear, report.ExitCode);
        Assert.Contains("nobody confirmed that its root is the plant's", Report);
        Assert.Equal(before, gateway.Snapshot());
    }

    [Theory]
    [InlineData("cut short", "cut short")]
    [InlineData("another file", "begins differently")]
    [InlineData("broken signature", "signature is broken")]
    [InlineData("wrong gateway", "is for gateway 'gw-007'")]
    [InlineData("wrong plant", "is for plant 'plant2'")]
    [InlineData("old version", "already taken in version 2")]
    public async Task A_wrong_bundle_changes_nothing_and_the_report_says_why(string wrong, string words)
    {
        stick.Files[StickGateway.Bundle] = bench.Second;
        await gateway.PlugInAsync(stick);
        var before = gateway.Snapshot();
        stick.Files[StickGateway.Bundle] = Wrong(wrong);

        var report = await gateway.PlugInAsync(stick);

        Assert.Equal(ExitCode.Unclear, report.ExitCode);
        Assert.Contains(words, Report);
        Assert.Contains("bundle: NOT DONE", Report);
        Assert.Contains("What to do: ", Report);
        Assert.Contains("0002", Report);
        Assert.EndsWith(StickReport.LastLine + "\r\n", Report);
        Assert.Equal(before, gateway.Snapshot());
    }

    [Theory]
    [InlineData("full", "The stick is full")]
    [InlineData("read-only", "the stick is read-only")]
    public async Task A_stick_that_takes_no_report_changes_nothing(string how, string words)
    {
        stick.Files[StickGateway.Bundle] = bench.First;
        stick.FreeBytes = how == "full" ? 4096 : 1 << 30;
        stick.RefusesChanges = how == "full" ? null : "the stick is read-only";
        var before = gateway.Snapshot();

        var report = await gateway.PlugInAsync(stick);

        Assert.Equal(ExitCode.Storage, report.ExitCode);
        Assert.Contains(words, report.Sentence);
        Assert.Equal(before, gateway.Snapshot());
        Assert.Contains(gateway.Audit, line => line.Verb == "stick" && line.Text.Contains(words));
    }

    [Fact]
    public async Task Every_wrong_order_is_told_and_none_is_done_nor_is_the_bundle_taken()
    {
        stick.Files[StickGateway.Bundle] = bench.First;
        stick.Files[StickGateway.Jobs] = "request\r\nformat c:\r\nREQUEST\r\n\u0001\u00e9\r\n"u8.ToArray();
        var before = gateway.Snapshot();

        var report = await gateway.PlugInAsync(stick);

        Assert.Equal(ExitCode.Unclear, report.ExitCode);
        Assert.Contains("line 2: 'format c:' is no job; there are rollback, request, diagnostics, renew, "
            + "wipe.", Report);
        Assert.Contains("line 3: 'request' stands there twice.", Report);
        Assert.Contains("line 4: '??' is no job", Report);
        Assert.Equal(before, gateway.Snapshot());
        Assert.True(stick.Files.ContainsKey(StickGateway.Jobs));
    }

    [Fact]
    public async Task Orders_that_are_no_text_or_no_plain_file_are_told_with_all_else_that_is_wrong()
    {
        stick.Files[StickGateway.Jobs] = Encoding.Unicode.GetBytes("rollback");
        stick.Strange.Add(StickGateway.Bundle);

        await gateway.PlugInAsync(stick);

        Assert.Contains("is no plain text: save it as text, in UTF-8.", Report);
        Assert.Contains($"{StickGateway.Bundle} is no plain file.", Report);
    }

    [Fact]
    public async Task A_rollback_is_done_once_however_often_its_stick_is_plugged_in()
    {
        await TakeAsync(bench.First);
        await TakeAsync(bench.Second);
        stick.Files[StickGateway.Jobs] = Encoding.UTF8.GetBytes("\uFEFF# it does not work\r\n rollback \r\n");

        var report = await gateway.PlugInAsync(stick);

        Assert.True(report.Worked, report.Sentence);
        Assert.Equal(("0001", "0002"), (gateway.State.Active, gateway.State.Previous));
        Assert.Contains("was left alone, because a rollback is ordered", Report);
        await gateway.PlugInAsync(stick);
        Assert.Equal("0001", gateway.State.Active);
        Assert.Contains("already taken in version 2", Report);
    }

    [Fact]
    public async Task A_stick_for_other_cabinets_names_them_and_changes_nothing()
    {
        await TakeAsync(bench.First);
        stick.Files.Clear();
        stick.Files["gw-007" + StickLayout.BundleEnding] = bench.First;
        stick.Files["gw-008" + StickLayout.JobsEnding] = "rollback"u8.ToArray();
        stick.Files["\u001b[31m" + StickLayout.BundleEnding] = [1];
        var before = gateway.Snapshot();

        var report = await gateway.PlugInAsync(stick);

        Assert.True(report.Worked, report.Sentence);
        Assert.Contains("nothing of gw-042; bundles are there for gw-007\r\n", Report);
        Assert.Equal(before, gateway.Snapshot());
    }

    [Fact]
    public async Task A_gateway_without_an_identity_puts_its_request_onto_any_stick()
    {
        using var fresh = new StickGateway();

        var report = await fresh.PlugInAsync(stick);

        Assert.True(report.Worked, report.Sentence);
        Assert.True(fresh.State.HasRequest);
        var request = Sluice.Provisioning.Requests.KeyRequest.Read(stick.Files[StickGateway.Request], out _)!;
        Assert.Equal(BundleBench.Gateway, request.GatewayId);
        Assert.Contains(request.KeyFingerprint, Report);
    }

    [Fact]
    public async Task A_stick_may_be_pulled_out_at_any_instant()
    {
        var pulls = 0;
        for (var stays = 0; ; stays++)
        {
            using var one = new StickGateway(bench.KeyAndRequest);
            var pulled = new SimulatedStick { StaysFor = stays };
            pulled.Files[StickGateway.Bundle] = bench.First;
            pulled.Files[StickGateway.Jobs] = "request\ndiagnostics\n"u8.ToArray();
            var before = one.Snapshot();

            var report = await one.PlugInAsync(pulled);

            if (!pulled.IsPulled)
            {
                break;
            }

            pulls++;
            Assert.False(report.Worked);
            Assert.True(one.State.Active == "0001" || before == one.Snapshot(), $"after {stays}: {one.State}");
            Assert.True(!pulled.Files.TryGetValue(StickGateway.Report, out var text)
                || !Encoding.UTF8.GetString(text).Contains(StickReport.LastLine, StringComparison.Ordinal));
            pulled.PlugIn();
            Assert.True((await one.PlugInAsync(pulled)).Worked);
            Assert.Equal("0001", one.State.Active);
            Assert.Contains(StickReport.LastLine, pulled.Text(StickGateway.Report));
        }

        Assert.True(pulls > 3, $"{pulls} only");
    }

    [Fact]
    public async Task No_key_gets_onto_the_stick_or_into_the_log()
    {
        stick.Files[StickGateway.Bundle] = bench.First;
        stick.Files[StickGateway.Jobs] = "request\ndiagnostics\n"u8.ToArray();

        await gateway.PlugInAsync(stick);

        var pem = await File.ReadAllLinesAsync(Path.Combine(gateway.Identity, "current", "key.pem"));
        var texts = stick.Files.Values.Select(Encoding.Latin1.GetString)
            .Concat(gateway.Audit.Select(line => line.Text)).ToList();
        Assert.Contains("The audit log", stick.Text(StickGateway.Diagnostics));
        Assert.All(texts, text => Assert.DoesNotContain(pem[1][^40..], text));
        Assert.All(texts, text => Assert.DoesNotContain("PRIVATE KEY", text));
    }

    private async Task TakeAsync(byte[] bundle)
    {
        stick.Files[StickGateway.Bundle] = bundle;
        Assert.True((await gateway.PlugInAsync(stick)).Worked, Report);
    }

    private byte[] Wrong(string how)
    {
        var altered = bench.Second.ToArray();
        altered[^80] ^= 1;
        var content = BundleBench.ContentOf(bench.Second) with { Version = 3 };
        return how switch
        {
            "cut short" => bench.Second[..^1],
            "another file" => [.. "MZ"u8, .. new byte[500]],
            "broken signature" => altered,
            "wrong gateway" => bench.Resign(content with { Gateway = "gw-007" }),
            "wrong plant" => bench.Resign(content with { Site = "plant2" }),
            _ => bench.First,
        };
    }
}
