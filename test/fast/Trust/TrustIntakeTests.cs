using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Agent.Renewal;
using Sluice.Agent.Trust;
using Sluice.Agent.Uplink;
using Sluice.Fast.Renewal;
using Sluice.Plant.Identities;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Fast.Trust;

/// <summary>A gateway takes in what its plant's CA publishes, stepped, on a disk in memory.</summary>
[Trait("suite", "world")]
public sealed class TrustIntakeTests : IDisposable
{
    private readonly RenewalWorld world = new();
    private TrustWork work;

    public TrustIntakeTests() => work = new TrustWork(world.Surroundings);

    public void Dispose() => world.Dispose();

    [Fact]
    public void Its_roots_and_lists_come_into_use_beside_the_same_certificate_and_no_bundle_number_is_used_up()
    {
        var (serial, before) = (world.Active, Files());
        Take(Made());

        Assert.Equal("0001t1", world.State.Active);
        Assert.Equal((1, 1, null), (world.State.VersionMax, world.State.TrustVersionMax, world.State.Previous));
        Assert.Equal(serial, world.Active);
        Assert.Equal((1, 1L, 0L, ""), (work.View.Version, work.View.Taken, work.View.Refused, work.View.Sentence));
        Assert.Equal(before[IdentityDirectory.KeyFile], Files()[IdentityDirectory.KeyFile]);
        Assert.Equal(before[IdentityDirectory.BundleFile], Files()[IdentityDirectory.BundleFile]);
        Assert.Contains("trust begun Trust bundle 1.", Audit(), StringComparison.Ordinal);
        Assert.Contains("trust done Version 0001t1 is in use", Audit(), StringComparison.Ordinal);

        // The next bundle is number 2, as it would have been.
        var key = KeyRequest.MakeKeyAndRequest(RenewalWorld.Gateway, RenewalWorld.Site);
        world.Import(key, world.Authority.Sign(
            KeyRequest.Read(key, out _)!, RenewalWorld.Passphrase, RenewalWorld.Life).Bundle);
        new IdentityStore(world.Disk).Activate(forgetsRequest: false);
        Assert.Equal(("0002", "0001t1"), (world.State.Active, world.State.Previous));
    }

    [Fact]
    public void A_younger_list_counts_everywhere_so_that_no_rollback_brings_an_older_one_back()
    {
        var lists = Files()[IdentityDirectory.RevocationFile];
        Renew();
        var confirmed = world.Active;
        world.Machine.Advance(TimeSpan.FromDays(1));
        world.Authority.Revoke(new HashSet<string> { "0A" }, "stolen", RenewalWorld.Passphrase, TimeSpan.FromDays(90));
        Take(Made());

        Assert.Equal("0002t1", world.State.Active);
        Assert.Equal(confirmed, world.Active);
        Assert.NotEqual(lists, Files()[IdentityDirectory.RevocationFile]);
        Assert.Equal(Lists(world.State.Active!), Lists(world.State.Previous!));
        Assert.Empty(new AuditLog(world.Disk).Check(null).Problems);
    }

    [Fact]
    public void Garbage_a_broken_signature_another_plant_an_older_version_and_a_replay_change_nothing()
    {
        var first = Made();
        Take(first);
        world.Machine.Advance(TimeSpan.FromHours(1));
        world.Authority.Relist(RenewalWorld.Passphrase, TimeSpan.FromDays(90));
        Take(Made());
        Assert.Equal("0001t2", world.State.Active);
        using var others = new RenewalWorld();
        var broken = Made();
        broken[^1] ^= 1;
        var (files, refused) = (Files(), 0L);
        (string Words, byte[] Bytes)[] table =
        [
            ("cannot be read as a trust bundle", "a recipe for pancakes"u8.ToArray()),
            ("signature is broken", broken),
            ("does not lead to the root that", others.Authority.Trust(RenewalWorld.Passphrase).Bytes),
            ("for plant 'plant2'", Sealed(content => content with { Site = "plant2", Version = 9 })),
            ("already taken in version 2", first),
            ("larger than any", [.. first, .. new byte[EnvelopeKind.WireBytesMax]]),
        ];
        foreach (var (words, bytes) in table)
        {
            world.Machine.Advance(TrustWork.RefusalEvery);
            Take(bytes);
            Assert.Contains(words, work.View.Sentence, StringComparison.Ordinal);
            Assert.Equal("0001t2", world.State.Active);
            Assert.Equal(files, Files());
            Assert.Equal(++refused, work.View.Refused);
            Assert.Contains(words, Audit(), StringComparison.Ordinal);

            // The broker sends it with each connection: told once.
            var lines = Audit().Length;
            Take(bytes);
            Assert.Equal((refused, lines), (work.View.Refused, Audit().Length));
        }

        // What is known is no fault.
        Take(Made());
        Assert.Equal(("", 2L, refused), (work.View.Sentence, work.View.Taken, work.View.Refused));
    }

    [Fact]
    public void A_flood_of_refusals_is_counted_and_told_to_the_audit_once_a_minute()
    {
        for (var at = 0; at < 100; at++)
        {
            Take([1, (byte)at]);
            world.Machine.Advance(TimeSpan.FromSeconds(1));
        }

        // One sentence for all of them: each is refused for the same reason.
        Assert.Equal(100, work.View.Refused);
        Assert.Equal(2, Audit().Split("NotATrustBundle").Length - 1);
    }

    [Fact]
    public void A_new_root_is_believed_because_the_old_one_says_so_and_only_then()
    {
        using var fresh = new PlantKeys();
        Directory.CreateDirectory(Path.Combine(world.AuthorityPath, "trusted"));
        var file = Path.Combine(world.AuthorityPath, "trusted", "new.pem");
        using var signer = fresh.Issue(new CertificateWish
        {
            CommonName = "bundles", Usages = [BundleEnvelope.SignerUsage],
            NotBefore = world.Machine.GetUtcNow().AddDays(-1), NotAfter = world.Machine.GetUtcNow().AddDays(300),
        });
        var alone = Sealed(content => content with
        {
            Version = 5,
            Roots = [fresh.Root.RawData],
            RevocationLists =
                [.. RevocationFile.Read(Encoding.ASCII.GetBytes(fresh.CrlPem())).Select(each => each.Der)],
        }, signer, fresh);
        Take(alone);
        Assert.Contains("does not lead to the root", work.View.Sentence, StringComparison.Ordinal);

        File.WriteAllText(file, fresh.RootPem + fresh.Issuing.ExportCertificatePem() + "\n" + fresh.CrlPem());
        Take(Made());
        Assert.Equal("0001t2", world.State.Active);
        Assert.Contains(
            fresh.Root.ExportCertificatePem(), Files()[IdentityDirectory.RootsFile], StringComparison.Ordinal);

        // Believed now, and still not followed where it would lock the gateway out.
        Take(alone);
        Assert.Contains("lock this gateway out", work.View.Sentence, StringComparison.Ordinal);
        Assert.Equal("0001t2", world.State.Active);
    }

    [Fact]
    public void One_that_would_lock_out_the_broker_of_this_very_connection_is_refused_until_the_broker_has_changed()
    {
        using var foreign = new PlantKeys();
        using var server = foreign.IssueServer("broker");
        var trust = Made();
        ReadOnlyMemory<byte>[] broker = [server.Leaf.RawData, foreign.Issuing.RawData, foreign.Root.RawData];
        work.Take(trust, world.Now);
        work.Step(world.Now, broker);
        Assert.Contains("lock the broker that it is connected to out", work.View.Sentence, StringComparison.Ordinal);
        Assert.Equal("0001", world.State.Active);

        work.Take(trust, world.Now);
        work.Step(world.Now, []);
        Assert.Equal("0001t1", world.State.Active);
    }

    [Fact]
    public void After_a_rollback_and_after_an_older_bundle_it_is_put_into_use_again()
    {
        Renew();
        var key = KeyRequest.MakeKeyAndRequest(RenewalWorld.Gateway, RenewalWorld.Site);
        var late = world.Authority.Sign(
            KeyRequest.Read(key, out _)!, RenewalWorld.Passphrase, RenewalWorld.Life).Bundle;
        world.Machine.Advance(TimeSpan.FromHours(1));
        var trust = Made();
        Take(trust);
        Assert.Equal(("0002t1", "0001"), (world.State.Active, world.State.Previous));

        new IdentityStore(world.Disk).Rollback();
        work.Step(world.Now, []);
        Assert.Equal(("0001t1", "0002t1"), (world.State.Active, world.State.Previous));

        world.Import(key, late);
        new IdentityStore(world.Disk).Activate(forgetsRequest: false);
        work.Step(world.Now, []);
        Assert.Equal(("0003t1", "0001t1"), (world.State.Active, world.State.Previous));

        // A bundle that was made after it knows more than it.
        world.Machine.Advance(TimeSpan.FromHours(1));
        var (again, _) = world.Authority.Bundle(RenewalWorld.Gateway, RenewalWorld.Passphrase);
        world.Import(key, again);
        new IdentityStore(world.Disk).Activate(forgetsRequest: false);
        Take(trust);
        Assert.Equal(("0004", ""), (world.State.Active, work.View.Sentence));
        Assert.Equal(1, world.State.TrustVersionMax);
    }

    [Fact]
    public void It_waits_for_a_verb_and_for_a_disk_that_takes_it()
    {
        world.IsLocked = true;
        work.Take(Made(), world.Now);
        Assert.Equal(TrustWork.BusyPause, work.Step(world.Now, []));
        world.IsLocked = false;
        Assert.True(work.Step(world.Now, []) > TimeSpan.Zero);

        world.Machine.Advance(TrustWork.BusyPause);
        world.Disk.Fails = true;
        Assert.Equal(TrustWork.DiskPauseFirst, work.Step(world.Now, []));
        Assert.Contains("the disk failed", work.View.Sentence, StringComparison.Ordinal);
        Assert.Equal("0001", world.State.Active);

        world.Disk.Fails = false;
        world.Machine.Advance(TrustWork.DiskPauseFirst);
        Assert.Null(work.Step(world.Now, []));
        Assert.Equal(("0001t1", ""), (world.State.Active, work.View.Sentence));
    }

    [Theory]
    [InlineData(RenewalStage.Proving)]
    [InlineData(RenewalStage.Moving)]
    [InlineData(RenewalStage.Confirming)]
    [InlineData(RenewalStage.Retiring)]
    public void A_renewal_that_is_under_way_goes_on_to_its_end(object stage)
    {
        var isHeard = (RenewalStage)stage != RenewalStage.Confirming;
        world.Broker = message => isHeard || !message.Topic.EndsWith("/confirm", StringComparison.Ordinal)
            ? DeliveryOutcome.Accepted : new DeliveryOutcome(DeliveryVerdict.LinkLost, 0, "lost.");
        world.Work.Ask(world.Now);
        for (var steps = 0; world.Work.View.Stage != (RenewalStage)stage; steps++)
        {
            Assert.True(steps < 50, $"never {stage}");
            world.Step();
        }

        world.Machine.Advance(TimeSpan.FromMinutes(1));
        Take(Made());
        isHeard = true;
        world.Run(TimeSpan.FromHours(1));

        Assert.Equal((RenewalStage.Idle, 1L), (world.Work.View.Stage, world.Work.View.Renewed));
        Assert.Equal([world.Active], world.Confirmed);
        work.Step(world.Now, []);
        Assert.Equal("0002t1", world.State.Active);

        // Nothing is left of it for the next start.
        world.Start();
        world.Run(TimeSpan.FromHours(1));
        Assert.Single(world.Confirmed);
    }

    [Fact]
    public void The_power_goes_before_each_change_of_the_disk_and_the_old_or_the_new_is_in_use_whole()
    {
        var older = Made();
        world.Machine.Advance(TimeSpan.FromHours(1));
        world.Authority.Relist(RenewalWorld.Passphrase, TimeSpan.FromDays(90));
        var newer = Made();
        var disks = 0;
        var enrolled = world.Disk;
        for (var lasts = 0; ; lasts++)
        {
            world.Disk = enrolled.AfterPowerCut().Last();
            work = new TrustWork(world.Surroundings);
            Take(older);
            Assert.Equal("0001t1", world.State.Active);
            world.Disk.PowerLastsFor = lasts;
            if (Runs(newer))
            {
                break;
            }

            world.Disk.PowerLastsFor = null;
            foreach (var left in world.Disk.AfterPowerCut())
            {
                disks++;
                world.Disk = left;
                var how = $"cut before change {lasts}\n{left}";
                Assert.True(world.State.Active is "0001t1" or "0001t2", how);
                Assert.NotEmpty(world.Active);
                Assert.True(Lists(world.State.Active!).Length > 0 && world.State.TrustVersionMax >= 1, how);

                work = new TrustWork(world.Surroundings);
                Take(older);
                Assert.True(world.State.Active is "0001t1" or "0001t2", how);
                Take(newer);
                Assert.True(("0001t2", 2) == (world.State.Active, world.State.TrustVersionMax), how);
                Take(older);
                Assert.True(world.State.Active == "0001t2", how);
                Assert.Empty(new AuditLog(world.Disk).Check(null).Problems);
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{disks} disks");
        Assert.True(disks > 50, $"{disks} disks only");
    }

    private byte[] Made() => world.Authority.Trust(RenewalWorld.Passphrase).Bytes;

    private void Take(byte[] bytes)
    {
        work.Take(bytes, world.Now);
        work.Step(world.Now, []);
    }

    private bool Runs(byte[] bytes)
    {
        try
        {
            Take(bytes);
            return true;
        }
        catch (IdentityPowerLostException)
        {
            return false;
        }
    }

    private void Renew()
    {
        world.AskNow();
        Assert.Equal("0002", world.State.Active);
    }

    /// <summary>What stands in the files of what is in use.</summary>
    private Dictionary<string, string> Files() => world.Disk.List($"versions/{world.State.Active}").ToDictionary(
        file => file,
        file => Encoding.UTF8.GetString(world.Disk.Read($"versions/{world.State.Active}/{file}", 1 << 20)!));

    private string Lists(string version) =>
        Encoding.UTF8.GetString(world.Disk.Read($"versions/{version}/crl.pem", 1 << 20) ?? []);

    private string Audit() => string.Join('\n', new AuditLog(world.Disk).Newest(1000)
        .Select(entry => $"{entry.Verb} {entry.Result} {entry.Text}"));

    private byte[] Sealed(
        Func<TrustContent, TrustContent> change, IssuedCertificate? by = null, PlantKeys? under = null)
    {
        var envelope = BundleEnvelope.Open(EnvelopeKind.Trust, Made(), out _)!;
        var content = change(TrustContent.Read(envelope.Payload, out _)!).Write();
        if (by is not null)
        {
            using var signer = by.Leaf.GetECDsaPrivateKey()!;
            return BundleEnvelope.Seal(EnvelopeKind.Trust, content, [by.Leaf, under!.Issuing, under.Root], signer);
        }

        using var key = ECDsa.Create();
        key.ImportFromEncryptedPem(
            File.ReadAllText(Path.Combine(world.AuthorityPath, "signer.key")), RenewalWorld.Passphrase);
        return BundleEnvelope.Seal(EnvelopeKind.Trust, content, envelope.Signers, key);
    }
}
