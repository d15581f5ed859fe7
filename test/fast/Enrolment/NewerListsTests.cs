using Sluice.Agent;
using Sluice.Agent.Enrolment;
using Sluice.Fast.EndToEnd;
using Sluice.Fast.Validity;
using Sluice.Plant.Clock;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Revocation;
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
    public async Task What_is_staged_and_what_was_before_get_them_too_and_another_plants_version_keeps_its_own()
    {
        await using var gateway = new EnrolledGateway();
        using var others = new PlantKeys("plant1");
        var versions = Path.Combine(gateway.IdentityPath, "versions");
        string At(string version) => Path.Combine(versions, version, "crl.pem");
        var old = gateway.Keys.CrlPem(Now.AddHours(-2));
        foreach (var version in new[] { "0003", "0001", "0002" })
        {
            using var own = gateway.Keys.IssueClient(EnrolledGateway.Id);
            gateway.Keys.WriteIdentityVersion(gateway.IdentityPath, EnrolledGateway.Id, own, version);
            File.WriteAllText(At(version), old);
        }

        File.WriteAllText(Path.Combine(versions, "0002", "before"), "0001\n");
        Point("staged", "0003");
        var state = gateway.Context.Store.Look();
        Assert.Equal(("0003", "0002", "0001"), (state.Staged, state.Active, state.Previous));
        var fresh = Brought(gateway, gateway.Keys.CrlPem());

        Assert.Equal(ExitCode.Fine, new NewerLists(gateway.Context).Take(fresh).ExitCode);

        Assert.All(
            (string[])["0001", "0002", "0003"],
            version => Assert.All(ListsOf(At(version)), list => Assert.True(list.NextUpdate > Now.AddDays(20))));
        new Adopt(gateway.Context).Rollback();
        using var back = gateway.Context.Load(IdentityDirectory.Current).Identity;
        Assert.All(back!.Trust.RevocationLists, list => Assert.True(list.NextUpdate > Now.AddDays(20)));

        // One whose authorities are another plant's keeps what it has.
        using var foreign = others.IssueClient(EnrolledGateway.Id);
        others.WriteIdentityVersion(gateway.IdentityPath, EnrolledGateway.Id, foreign, "0004");
        Point("staged", "0004");
        Point("current", "0001");
        var before = File.ReadAllText(At("0004"));
        File.WriteAllText(At("0001"), old);
        Assert.Equal(ExitCode.Fine, new NewerLists(gateway.Context).Take(fresh).ExitCode);
        Assert.NotEqual(old, File.ReadAllText(At("0001")));
        Assert.Equal(before, File.ReadAllText(At("0004")));

        void Point(string link, string version)
        {
            File.Delete(Path.Combine(gateway.IdentityPath, link));
            File.CreateSymbolicLink(Path.Combine(gateway.IdentityPath, link), $"versions/{version}");
        }
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

    private static IReadOnlyList<RevocationList> ListsOf(string file) =>
        [.. RevocationFile.Read(File.ReadAllBytes(file)).Select(each => each.List).OfType<RevocationList>()];
}
