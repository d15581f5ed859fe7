using Sluice.Agent;
using Sluice.Agent.Enrolment;
using Sluice.Fast.EndToEnd;
using Sluice.Fast.Validity;
using Sluice.Plant.Clock;
using Sluice.Plant.Keys;
using Sluice.Provisioning;
using Xunit;

namespace Sluice.Fast.Enrolment;

public sealed class NewerListsTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Newer_lists_take_the_place_of_those_that_are_here_and_the_same_again_changes_nothing()
    {
        await using var gateway = OldLists(new EnrolledGateway());
        var before = Text(gateway);
        var fresh = Brought(gateway, gateway.Keys.CrlPem());

        var report = new NewerLists(gateway.Context).Take(fresh);

        Assert.Equal((ExitCode.Fine, ""), (report.ExitCode, report.Do ?? ""));
        Assert.StartsWith("2 newer revocation lists count from now on", report.Sentence, StringComparison.Ordinal);
        Assert.NotEqual(before, Text(gateway));
        using var identity = gateway.Context.Load(IdentityDirectory.Current).Identity;
        Assert.Equal(2, identity!.Trust.RevocationLists.Count);
        Assert.All(identity.Trust.RevocationLists, list => Assert.True(list.NextUpdate > Now.AddDays(20)));

        Assert.Contains("here already", new NewerLists(gateway.Context).Take(fresh).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Foreign_older_and_broken_lists_are_refused_whole_each_in_words()
    {
        await using var gateway = new EnrolledGateway();
        gateway.UseIdentity().Dispose();
        using var others = new PlantKeys("plant1");
        gateway.UseLists(Now.AddDays(30));
        var good = Text(gateway);
        (string Text, string Refusal, string Words)[] table =
        [
            ("a recipe for pancakes", "Broken", "no revocation list in it"),
            (good.Replace("M", "N", StringComparison.Ordinal), "Broken", "revocation list"),
            (others.CrlPem(), "Foreign", "not signed by an authority of this gateway's certificate"),
            (gateway.Keys.CrlPem(Now.AddHours(-2)), "Older", "could bring back what was revoked"),
            (good + others.CrlPem(), "Foreign", "another plant"),
        ];
        var before = good;
        foreach (var (text, refusal, words) in table)
        {
            var report = new NewerLists(gateway.Context).Take(Brought(gateway, text));
            Assert.True((ExitCode.Unclear, refusal) == (report.ExitCode, report.Refusal),
                $"{refusal}: {report.Sentence}");
            Assert.Contains(words, report.Sentence, StringComparison.Ordinal);
            Assert.Equal(before, Text(gateway));
        }

        Assert.Equal(ExitCode.Storage, new NewerLists(gateway.Context).Take("/nowhere").ExitCode);
    }

    [Fact]
    public void A_list_from_the_future_is_refused_because_it_would_move_the_floor_of_the_time()
    {
        using var keys = new PlantKeys();
        var list = System.Text.Encoding.ASCII.GetBytes(keys.CrlPem());
        ValidityTime At(DateTimeOffset wall) => ValidityTime.Of(wall, true, DateTimeOffset.UnixEpoch, null, null);

        string Refusal(DateTimeOffset wall) =>
            RevocationUpdate.Judge(list, [], [keys.Issuing, keys.Root], At(wall)).Refusal;

        Assert.Equal("NotYet", Refusal(Now.AddHours(-30)));
        Assert.Equal("", Refusal(Now.AddHours(-20)));
    }

    [Fact]
    public async Task A_list_with_the_gateway_itself_on_it_is_taken_and_says_what_that_means()
    {
        await using var gateway = new EnrolledGateway();
        var own = gateway.UseIdentity();
        gateway.UseLists(Now.AddHours(-2));
        gateway.Keys.Revoke(own);

        var report = new NewerLists(gateway.Context).Take(Brought(gateway, gateway.Keys.CrlPem()));

        Assert.Equal(ExitCode.Fine, report.ExitCode);
        Assert.Contains("revoke this gateway's own certificate", report.Notes![0], StringComparison.Ordinal);
        Assert.True(gateway.Context.Load(IdentityDirectory.Current).Revocation!.IsRevoked);
    }

    [Fact]
    public async Task The_agent_that_runs_uses_them_without_losing_its_session()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.Keys.WriteIdentityDirectory(plant.IdentityDirectory, SmallPlant.GatewayId).Dispose();
        var file = Path.Combine(plant.IdentityDirectory, "current", "crl.pem");
        File.WriteAllText(file, plant.Keys.CrlPem(Now.AddHours(-2)));
        plant.StartAgentAsItIs();
        await plant.UntilAsync("readings", stream => stream.Readings >= 5);
        var stale = await plant.AskStatusAsync();
        var births = plant.See(stream => stream.Births);

        var brought = Path.Combine(plant.Directory, "crl.pem");
        File.WriteAllText(brought, plant.Keys.CrlPem());
        using (var disk = LinuxIdentityDisk.Open(plant.IdentityDirectory))
        {
            var clock = new MovedClock { Synchronised = true };
            var context = new EnrolmentContext(
                plant.Configuration, disk, clock, clock, new EnrolmentUser("somebody", "none"));
            Assert.Equal(ExitCode.Fine, new NewerLists(context).Take(brought).ExitCode);
        }

        var status = stale;
        while (status!.Identity!.RevocationLists.Any(list => list.NextUpdate < Now))
        {
            await Task.Delay(50, plant.Bound);
            status = await plant.AskStatusAsync();
        }

        Assert.Equal(births, plant.See(stream => stream.Births));
        Assert.Equal("in use", status.Identity.State);
        plant.Prove();
    }

    private static EnrolledGateway OldLists(EnrolledGateway gateway)
    {
        gateway.UseIdentity().Dispose();
        gateway.UseLists(Now.AddHours(-2));
        return gateway;
    }

    private static string Text(EnrolledGateway gateway) =>
        File.ReadAllText(Path.Combine(gateway.IdentityPath, "current", "crl.pem"));

    private static string Brought(EnrolledGateway gateway, string text)
    {
        Directory.CreateDirectory(gateway.Stick);
        var file = Path.Combine(gateway.Stick, "crl.pem");
        File.WriteAllText(file, text);
        return file;
    }
}
