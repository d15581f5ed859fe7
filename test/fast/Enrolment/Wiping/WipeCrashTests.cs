using System.Net;
using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Agent.Time;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Enrolment.Wiping;

/// <summary>
/// The power goes before each single change of a wipe, and every disk that this may leave is looked at: nothing was
/// destroyed, or the gateway says that it is a wiped one, and the next one who comes brings it to its end.
/// </summary>
public sealed class WipeCrashTests(BundleBench bench) : IClassFixture<BundleBench>
{
    private static readonly string[] Files = ["buffer/journal", "etc/list.csv", "etc/gateway.json"];

    [Fact]
    public async Task A_power_cut_at_any_instant_leaves_the_old_identity_whole_or_a_wiped_gateway_that_says_so()
    {
        var (states, whole, wiped) = (0, 0, 0);
        for (var lasts = 0; ; lasts++)
        {
            var disk = Enrolled();
            disk.PowerLastsFor = lasts;
            var isDone = await RunsAsync(disk);
            disk.PowerLastsFor = null;
            foreach (var left in disk.AfterPowerCut())
            {
                states++;
                var store = new IdentityStore(left);
                if (store.ReadWiping() is null && store.ReadWiped() is null)
                {
                    whole++;
                    Assert.Equal("0001", store.Look().Active);
                    Assert.NotNull(store.ReadFile("0001", IdentityDirectory.KeyFile));
                    Assert.All(Files, file => Assert.NotNull(left.Read(file, 100)));
                    Assert.False(isDone);
                    continue;
                }

                wiped++;
                Assert.NotNull(Signed(store.ReadWiping() ?? store.ReadWiped()!));
                if (store.ReadWiped() is null)
                {
                    Assert.True(await RunsAsync(left));
                }

                Gone(left);
            }

            if (isDone)
            {
                Assert.True(states > 100 && whole > 5 && wiped > 50, $"{states} disks, {whole} whole, {wiped} wiped");
                return;
            }
        }
    }

    [Fact]
    public async Task A_wipe_of_a_copied_card_signs_nothing_in_the_name_of_the_other_gateway()
    {
        var disk = Enrolled();
        var there = Context(disk, new Agent.Binding.MachineFacts("board-1", "card-1"));
        there.Bind("import");
        var here = Context(disk, new Agent.Binding.MachineFacts("board-2", "card-2"));

        Assert.True((await new Wipe(here, [], [], 0).RunAsync(null, CancellationToken.None)).Worked);
        Assert.Null(Signed(new IdentityStore(disk).ReadWiped()!));
        Assert.Null(new IdentityStore(disk).Look().Active);
    }

    [Fact]
    public async Task A_configuration_that_was_laid_there_since_is_not_destroyed()
    {
        var disk = Enrolled();
        var context = Context(disk);
        await Assert.ThrowsAsync<IOException>(() => new Wipe(
            context, [], [new WipeTarget("configuration", _ => throw new IOException("The disk went."))], 0)
            .RunAsync(null, CancellationToken.None));
        var other = Context(disk, hash: new string('1', 64));
        var report = await new Wipe(
            other, [], [new WipeTarget("configuration", _ => throw new IOException("It was touched."))], 0)
            .RunAsync(null, CancellationToken.None);

        Assert.True(report.Worked, report.Sentence);
    }

    private static BundleEnvelope? Signed(byte[] receipt) =>
        BundleEnvelope.Open(EnvelopeKind.Receipt, receipt, out _) is { } envelope && envelope.IsSignedBySigner()
            ? envelope
            : null;

    private static void Gone(SimulatedIdentityDisk disk)
    {
        var store = new IdentityStore(disk);
        Assert.Equal(new IdentityState(false, null, false, null, null), store.Look());
        Assert.Null(store.ReadWiping());
        Assert.NotNull(store.ReadWiped());
        Assert.Empty(disk.List(IdentityStore.Versions));
        Assert.All(Files, file => Assert.Null(disk.Read(file, 100)));
        Assert.Empty(new AuditLog(disk).Check(Wipe.Read(store.ReadWiped()!)!.AuditHead).Problems);
    }

    private SimulatedIdentityDisk Enrolled()
    {
        var disk = new SimulatedIdentityDisk();
        var context = Context(disk);
        context.Store.KeepPending(bench.KeyAndRequest);
        Assert.True(new Enrol(context).Take("a bundle", bench.First, _ => true).Worked);
        context.Store.Activate(forgetsRequest: false);
        foreach (var file in Files)
        {
            var folder = file.Split('/')[0];
            disk.MakeFolder(folder);
            disk.Write(file, Encoding.ASCII.GetBytes("something"), isSecret: false);
            disk.SyncFolder(folder);
        }

        disk.SyncFolder("");
        return disk;
    }

    private static async Task<bool> RunsAsync(SimulatedIdentityDisk disk)
    {
        WipeTarget Target(string folder) => new(folder, _ =>
        {
            foreach (var file in Files.Where(each => each.StartsWith(folder, StringComparison.Ordinal)))
            {
                disk.Delete(file);
            }

            disk.SyncFolder(folder);
            return Task.FromResult<string?>(null);
        });

        try
        {
            return (await new Wipe(Context(disk), [Target("buffer")], [Target("etc")], 9)
                .RunAsync(_ => null, CancellationToken.None)).Worked;
        }
        catch (IdentityPowerLostException)
        {
            return false;
        }
    }

    private static EnrolmentContext Context(
        SimulatedIdentityDisk disk, Agent.Binding.MachineFacts? machine = null, string? hash = null) => new(
        new GatewayConfiguration
        {
            Gateway = new GatewayName(BundleBench.Site, BundleBench.Gateway),
            Broker = new BrokerSettings
            {
                Host = "mes-broker.dmz.plant1",
                Addresses = [IPAddress.Parse("192.0.2.10")],
                Network = IPNetwork.Parse("192.0.2.0/28"),
            },
            Identity = new IdentitySettings { Directory = "nowhere" },
            Buffer = new BufferSettings { Directory = "nowhere" },
            Sources = [],
            Hash = hash ?? new string('0', 64),
        },
        disk, TimeProvider.System, new TrustedClock(Guid.Empty), new EnrolmentUser("sluice", "none"))
    {
        Machine = machine ?? Agent.Binding.MachineFacts.None,
    };
}
