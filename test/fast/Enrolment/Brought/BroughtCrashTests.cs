using System.Text;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Enrolment.Brought;

/// <summary>
/// The power goes before each single change while configurations come and go with bundles, and every disk that this may
/// leave is looked at: the version in use has its own configuration, whole, and it is the one before or the one after.
/// </summary>
public sealed class BroughtCrashTests
{
    private static readonly Step[] Life =
    [
        new("import 1", store => store.Stage(1, Files(1)), null),
        new("activate 1", store => store.Activate(forgetsRequest: false), "0001"),
        new("import 2 with one", store => store.Stage(2, Files(2, "first")), "0001"),
        new("activate 2", store => store.Activate(forgetsRequest: false), "0002"),
        new("import 3 without", store => store.Stage(3, Files(3)), "0002"),
        new("activate 3", store => store.Activate(forgetsRequest: false), "0003"),
        new("trust 7", store => store.ReplaceTrust(7, "roots"u8, "lists"u8), "0003t7"),
        new("import 4 with another", store => store.Stage(4, Files(4, "second")), "0003t7"),
        new("activate 4", store => store.Activate(forgetsRequest: false), "0004"),
        new("rollback", store => store.Rollback(), "0003t7"),
        new("and forward", store => store.Rollback(), "0004"),
        new("wipe", store => store.Erase(), null),
    ];

    private static readonly Dictionary<string, string?> ConfigurationOf = new()
    {
        ["0001"] = null, ["0002"] = "first", ["0003"] = "first", ["0003t7"] = "first", ["0004"] = "second",
    };

    [Fact]
    public void A_power_cut_at_any_instant_leaves_the_old_configuration_or_the_new_one_with_its_own_version()
    {
        var states = Walk(_ => false);

        TestContext.Current.TestOutputHelper!.WriteLine($"{states} disks");
        Assert.True(states > 200, $"{states} disks only");
    }

    [Theory]
    [InlineData("")]
    [InlineData(IdentityStore.Versions)]
    [InlineData("versions/0002.new")]
    public void A_folder_that_is_not_synced_is_caught(string folder) =>
        Assert.ThrowsAny<Exception>(() => Walk(name => name == folder));

    private static int Walk(Func<string, bool> ignoresSyncOf)
    {
        var states = 0;
        var before = new Step("nothing", _ => { }, null);
        var done = new List<Step>();
        foreach (var step in Life)
        {
            for (var lasts = 0; ; lasts++)
            {
                var disk = new SimulatedIdentityDisk { IgnoresSyncOf = ignoresSyncOf };
                done.ForEach(each => each.Do(new IdentityStore(disk)));
                disk.PowerLastsFor = lasts;
                var isWhole = Runs(step, disk);
                disk.PowerLastsFor = null;
                foreach (var left in disk.AfterPowerCut())
                {
                    states++;
                    Check(left, isWhole ? [step] : [before, step], $"{step.Name}, cut before change {lasts}");
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

    private static void Check(SimulatedIdentityDisk left, Step[] allowed, string how)
    {
        var state = new IdentityStore(left).Look();
        Assert.True(allowed.Any(each => each.Active == state.Active), $"{how}: {state}\n{left}");
        foreach (var version in new[] { state.Active, state.Previous, state.Staged }.OfType<string>())
        {
            var found = left.Read($"versions/{version}/{IdentityStore.ConfigurationFile}", 100) is { } bytes
                ? Encoding.UTF8.GetString(bytes)
                : null;
            Assert.True(ConfigurationOf[version] == found,
                $"{how}: version {version} with {found ?? "none"}\n{left}");
        }
    }

    private static IReadOnlyList<IdentityFile> Files(int number, string? configuration = null) =>
    [
        new IdentityFile(IdentityDirectory.ChainFile, Encoding.UTF8.GetBytes($"chain of {number}")),
        .. configuration is null ? Array.Empty<IdentityFile>()
            : [new IdentityFile(IdentityStore.ConfigurationFile, Encoding.UTF8.GetBytes(configuration))],
    ];

    private sealed record Step(string Name, Action<IdentityStore> Do, string? Active);
}
