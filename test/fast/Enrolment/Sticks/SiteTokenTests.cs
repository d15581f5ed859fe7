using Sluice.Agent;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Enrolment.Sticks;

/// <summary>The first root, by what was laid onto the gateway on the bench.</summary>
public sealed class SiteTokenTests(BundleBench bench) : IClassFixture<BundleBench>, IDisposable
{
    private readonly StickGateway gateway = new(bench.KeyAndRequest) { ConfirmsRoot = false };
    private readonly SimulatedStick stick = new();

    private SiteToken Right => new(BundleBench.Site, Fingerprint.LongOf(bench.Root));

    public void Dispose() => gateway.Dispose();

    [Fact]
    public async Task With_its_token_a_gateway_takes_its_first_bundle_from_a_stick_and_asks_nobody()
    {
        gateway.LayToken(Right.Write());
        stick.Files[StickGateway.Bundle] = bench.First;

        var report = await gateway.PlugInAsync(stick);

        Assert.True(report.Worked, report.Sentence);
        Assert.Equal("0001", gateway.State.Active);
        Assert.Contains("The root was confirmed by the site token of the bench.", stick.Text(StickGateway.Report));
    }

    [Theory]
    [InlineData("another plant", "is that of plant 'plant2'")]
    [InlineData("another root", "names another root")]
    [InlineData("damaged", "the site token is damaged")]
    public async Task Another_token_is_refused_and_nobody_is_asked_instead(string which, string words)
    {
        gateway.ConfirmsRoot = true;
        gateway.LayToken(which switch
        {
            "another plant" => (Right with { Site = "plant2" }).Write(),
            "another root" => (Right with { RootSha256 = new string('0', 64) }).Write(),
            _ => Right.Write()[..^5],
        });
        stick.Files[StickGateway.Bundle] = bench.First;
        var before = gateway.Snapshot();

        var report = await gateway.PlugInAsync(stick);

        Assert.Equal(ExitCode.Unclear, report.ExitCode);
        Assert.Contains(words, stick.Text(StickGateway.Report));
        Assert.Contains("Nobody was asked", stick.Text(StickGateway.Report));
        Assert.Equal(before, gateway.Snapshot());
    }

    [Fact]
    public async Task A_token_on_the_stick_itself_proves_nothing()
    {
        stick.Files[SiteToken.FileName] = Right.Write();
        stick.Files[StickGateway.Bundle] = bench.First;

        Assert.Equal(ExitCode.Unclear, (await gateway.PlugInAsync(stick)).ExitCode);
        Assert.Null(gateway.State.Staged);
    }

    [Fact]
    public async Task Once_a_root_is_pinned_no_token_brings_another_one()
    {
        gateway.LayToken(Right.Write());
        stick.Files[StickGateway.Bundle] = bench.First;
        await gateway.PlugInAsync(stick);
        using var other = new BundleBench();
        gateway.LayToken(new SiteToken(BundleBench.Site, Fingerprint.LongOf(other.Root)).Write());
        stick.Files[StickGateway.Bundle] = other.Second;

        Assert.Equal(ExitCode.Unclear, (await gateway.PlugInAsync(stick)).ExitCode);
        Assert.Contains("does not lead to the root that this gateway trusts", stick.Text(StickGateway.Report));
    }
}
