using System.Text;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Provisioning.Store;

/// <summary>
/// The power goes before each single change of a whole life, and every disk that this may leave is looked at: the
/// identity in use is the one before the step or the one after it, with all its files.
/// </summary>
public sealed class IdentityStoreCrashTests
{
    private static readonly string[] Files =
        [IdentityDirectory.KeyFile, IdentityDirectory.ChainFile, IdentityDirectory.RootsFile,
            IdentityDirectory.RevocationFile, IdentityDirectory.BundleFile];

    private static readonly Step[] Life =
    [
        new("init", store => store.KeepPending("key one"u8), null, null),
        new("import 1", store => store.Stage(1, Version(1)), null, null),
        new("verify 1", store => store.MarkVerified(DateTimeOffset.UnixEpoch), null, null),
        new("activate 1", store => store.Activate(forgetsRequest: true), "0001", null),
        new("init again", store => store.KeepPending("key two"u8), "0001", null),
        new("import 2", store => store.Stage(2, Version(2)), "0001", null),
        new("import 3", store => store.Stage(3, Version(3)), "0001", null),
        new("activate 3", store => store.Activate(forgetsRequest: true), "0003", "0001"),
        new("trust 7", Trust(7), "0003t7", "0001"),
        new("trust 8", Trust(8), "0003t8", "0001"),
        new("rollback", store => store.Rollback(), "0001", "0003t8"),
        new("import 4", store => store.Stage(4, Version(4)), "0001", "0003t8"),
        new("activate 4", store => store.Activate(forgetsRequest: false), "0004", "0001"),
        new("rollback again", store => store.Rollback(), "0001", "0004"),
        new("and forward", store => store.Rollback(), "0004", "0001"),
        new("trust 9", Trust(9), "0004t9", "0001"),
        new("import 5", store => store.Stage(5, Version(5)), "0004t9", "0001"),
        new("activate 5", store => store.Activate(forgetsRequest: true), "0005", "0004t9"),
        new("wipe", store => store.Erase(), null, null),
    ];

    [Fact]
    public void A_life_goes_as_it_is_told()
    {
        var disk = new SimulatedIdentityDisk();
        var store = new IdentityStore(disk);
        foreach (var step in Life)
        {
            step.Do(store);
            Assert.Equal((step.Name, step.Active, step.Previous),
                (step.Name, store.Look().Active, store.Look().Previous));
        }

        Assert.Equal(new IdentityState(false, null, false, null, null), store.Look());
        Assert.Empty(disk.List(IdentityStore.Versions));
    }

    [Fact]
    public void A_power_cut_at_any_instant_leaves_the_old_identity_or_the_new_one_whole()
    {
        var states = Walk(_ => false);

        TestContext.Current.TestOutputHelper!.WriteLine($"{states} disks");
        Assert.True(states > 500, $"{states} disks only");
    }

    [Theory]
    [InlineData("")]
    [InlineData(IdentityStore.Versions)]
    [InlineData("versions/0001.new")]
    public void A_folder_that_is_not_synced_is_caught(string folder) =>
        Assert.ThrowsAny<Exception>(() => Walk(name => name == folder));

    private static int Walk(Func<string, bool> ignoresSyncOf)
    {
        var states = 0;
        var before = new Step("nothing", _ => { }, null, null);
        var done = new List<Step>();
        foreach (var step in Life)
        {
            for (var lasts = 0; ; lasts++)
            {
                var disk = Lived(done, ignoresSyncOf);
                disk.PowerLastsFor = lasts;
                var isWhole = Runs(step, disk);
                disk.PowerLastsFor = null;
                foreach (var left in disk.AfterPowerCut())
                {
                    states++;
                    Check(left, step, before, isWhole ? [step] : [before, step],
                        $"{step.Name}, cut before change {lasts}");
                }

                if (isWhole)
                {
                    break;
                }
            }

            done.Add(step);
            before = step;
        }

        return states;
    }

    private static SimulatedIdentityDisk Lived(List<Step> done, Func<string, bool> ignoresSyncOf)
    {
        var disk = new SimulatedIdentityDisk { IgnoresSyncOf = ignoresSyncOf };
        var store = new IdentityStore(disk);
        done.ForEach(step => step.Do(store));
        return disk;
    }

    private static bool Runs(Step step, SimulatedIdentityDisk disk)
    {
        try
        {
            step.Do(new IdentityStore(disk));
            return true;
        }
        catch (IdentityPowerLostException)
        {
            return false;
        }
    }

    private static void Check(SimulatedIdentityDisk left, Step step, Step before, Step[] allowed, string how)
    {
        var store = new IdentityStore(left);
        var state = store.Look();
        Assert.True(allowed.Any(each => each.Active == state.Active), $"{how}: {state}\n{left}");
        foreach (var each in allowed.Where(each => each.Active == state.Active).Take(1))
        {
            // A wipe cut short may have lost what to return to; nothing else may.
            Assert.True(step.Name == "wipe" || allowed.Any(one => one.Previous == state.Previous),
                $"{how}: {state} instead of {each}\n{left}");
        }

        foreach (var version in new[] { state.Active, state.Previous, state.Staged }.OfType<string>())
        {
            Assert.True(Files.All(file => left.Read($"versions/{version}/{file}", 100) is { } bytes
                && Encoding.UTF8.GetString(bytes) == Content(version, file)),
                $"{how}: {version} is not whole\n{left}");
        }

        // No power cut lets an older trust bundle in again.
        var trust = step.Name == "wipe" ? 0 : TrustAfter(before);
        Assert.True(state.TrustVersionMax >= trust, $"{how}: {state.TrustVersionMax} of {trust}\n{left}");

        // Whoever comes after the power cut can go on: a new bundle goes in and into use.
        store.Stage(9, Version(9));
        store.Activate(forgetsRequest: true);
        var after = store.Look();
        Assert.Equal(state.TrustVersionMax, after.TrustVersionMax);
        Assert.True(after is { Active: "0009", Staged: null, HasRequest: false } && after.Previous == state.Active,
            $"{how}: {state}, and then {after}\n{left}");
        Assert.Equal(state.Active is null ? 1 : 2, left.List(IdentityStore.Versions).Count);
    }

    private static IReadOnlyList<IdentityFile> Version(int number) =>
        [.. Files.Select(file => new IdentityFile(
            file, Encoding.UTF8.GetBytes(Content(IdentityStore.NameOf(number), file))))];

    /// <summary>Roots and lists are those of the trust bundle, where there is one; all else is the bundle's.</summary>
    private static string Content(string version, string file) =>
        IdentityStore.TrustOf(version) is > 0 and var trust
        && file is (IdentityDirectory.RootsFile or IdentityDirectory.RevocationFile)
            ? $"{file} of trust {trust}"
            : $"{file} of {IdentityStore.NumberOf(version)}";

    private static Action<IdentityStore> Trust(int version) => store => store.ReplaceTrust(
        version, Encoding.UTF8.GetBytes($"{IdentityDirectory.RootsFile} of trust {version}"),
        Encoding.UTF8.GetBytes($"{IdentityDirectory.RevocationFile} of trust {version}"));

    private static int TrustAfter(Step step) => step.Name == "nothing" ? 0
        : Life.TakeWhile(each => each != step).Append(step).Max(each => IdentityStore.TrustOf(each.Active));

    private sealed record Step(string Name, Action<IdentityStore> Do, string? Active, string? Previous);
}
