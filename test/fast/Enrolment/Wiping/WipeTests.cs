using Sluice.Agent;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Fast.Enrolment.Sticks;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Plant.Identities;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Enrolment.Wiping;

/// <summary>A gateway that is wiped by a stick, and what its receipt is worth.</summary>
public sealed class WipeTests(BundleBench bench) : IClassFixture<BundleBench>, IDisposable
{
    private const string Receipt = BundleBench.Gateway + StickLayout.ReceiptEnding;

    private readonly StickGateway gateway = new(bench.KeyAndRequest);
    private readonly SimulatedStick stick = new();

    public void Dispose() => gateway.Dispose();

    [Fact]
    public async Task Everything_goes_in_order_and_the_receipt_names_what_went()
    {
        await EnrolAsync();
        var order = new List<string>();
        gateway.Before = [Target("buffer", order)];
        gateway.After = [Target("configuration", order)];
        stick.OnWrite = name => order.Add(name);
        Order($"wipe {BundleBench.Gateway}");

        var report = await gateway.PlugInAsync(stick);

        Assert.True(report.Worked, report.Sentence);
        Assert.Equal(new IdentityState(false, null, false, null, null), gateway.State);
        Assert.Equal(["buffer", Receipt, "configuration"], order.Where(each => !each.EndsWith(
            StickLayout.ReportEnding, StringComparison.Ordinal)));
        var receipt = Wipe.Read(stick.Files[Receipt])!;
        Assert.Equal(BundleBench.Gateway, receipt.Gateway);
        Assert.Equal(("0001", "in use"), (receipt.Certificates[0].Version, receipt.Certificates[0].Role));
        Assert.Equal(1234, receipt.BufferBytes);
        Assert.DoesNotContain("PRIVATE KEY", gateway.Snapshot());
        Assert.Contains("wipe: done", stick.Text(StickGateway.Report));
        Assert.DoesNotContain(StickGateway.Request, stick.Files.Keys);

        // The log stays, and goes on from the head that the receipt tells.
        Assert.Empty(gateway.Check(receipt.AuditHead).Problems);
        Assert.Contains(gateway.Audit, line => line is { Verb: "wipe", Result: "done" });
    }

    [Theory]
    [InlineData("wipe", "a wipe names the gateway once more: wipe gw-042")]
    [InlineData("wipe gw-043", "a wipe names the gateway once more: wipe gw-042")]
    [InlineData("wipe gw-042 now", "a wipe names the gateway once more: wipe gw-042")]
    [InlineData("wipe gw-042\nrequest", "a wipe stands alone")]
    [InlineData("rollback gw-042", "'rollback gw-042' is no job")]
    public async Task An_order_that_is_not_meant_for_this_gateway_alone_destroys_nothing(string order, string why)
    {
        await EnrolAsync();
        var before = gateway.Snapshot();
        Order(order);

        var report = await gateway.PlugInAsync(stick);

        Assert.Equal(ExitCode.Unclear, report.ExitCode);
        Assert.Contains(why, report.Sentence, StringComparison.Ordinal);
        Assert.Equal(before, gateway.Snapshot());
    }

    [Fact]
    public async Task What_cannot_be_destroyed_is_told_and_the_next_stick_goes_on_with_it()
    {
        await EnrolAsync();
        var isHeld = true;
        gateway.Before = [new WipeTarget("buffer", _ => Task.FromResult(isHeld ? "an agent holds it" : null))];
        Order($"wipe {BundleBench.Gateway}");

        var report = await gateway.PlugInAsync(stick);
        Assert.Equal(ExitCode.Storage, report.ExitCode);
        Assert.Contains("an agent holds it", stick.Text(StickGateway.Report));
        Assert.DoesNotContain("PRIVATE KEY", gateway.Snapshot());
        Assert.DoesNotContain(Receipt, stick.Files.Keys);

        await gateway.PlugInAsync(stick);
        Assert.Single(gateway.Audit, line => line is { Verb: "wipe", Result: "failed" });
        isHeld = false;
        stick.Files.Clear();
        report = await gateway.PlugInAsync(stick);
        Assert.True(report.Worked, report.Sentence);
        Assert.Contains(Receipt, stick.Files.Keys);
        Assert.Contains("it was begun before", stick.Text(StickGateway.Report));
    }

    [Fact]
    public async Task A_gateway_without_an_identity_is_wiped_too_and_its_receipt_claims_nothing()
    {
        Order($"wipe {BundleBench.Gateway}");

        var report = await gateway.PlugInAsync(stick);

        Assert.True(report.Worked, report.Sentence);
        Assert.False(gateway.State.HasRequest);
        Assert.DoesNotContain(Receipt, stick.Files.Keys);
        Assert.Contains("nobody at the CA can verify", stick.Text(StickGateway.Report));
    }

    [Fact]
    public async Task Without_an_agent_a_renewal_is_not_asked_for_and_the_report_says_so()
    {
        await EnrolAsync();
        Order("renew");

        var report = await gateway.PlugInAsync(stick);

        Assert.Equal(ExitCode.Unavailable, report.ExitCode);
        Assert.Contains("renew: NOT DONE", stick.Text(StickGateway.Report));
    }

    private static WipeTarget Target(string name, List<string> order) => new(name, _ =>
    {
        order.Add(name);
        return Task.FromResult<string?>(null);
    });

    private async Task EnrolAsync()
    {
        stick.Files[StickGateway.Bundle] = bench.First;
        Assert.True((await gateway.PlugInAsync(stick)).Worked);
        stick.Files.Clear();
    }

    private void Order(string text) =>
        stick.Files[StickGateway.Jobs] = System.Text.Encoding.ASCII.GetBytes(text + "\n");
}
