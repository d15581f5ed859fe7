using System.Security.Cryptography;
using System.Text;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Enrolment.Chips;

/// <summary>
/// The power goes before each single change of disk and TPM in a whole life: no identity is left without its key, no
/// pile of keys without an identity grows, and nobody else's key goes.
/// </summary>
[Trait("suite", "world")]
public sealed class Power_cuts_beside_a_TPM
{
    private const string Directory = "/var/lib/sluice/identity";
    private const uint Foreign = 0x8153_4C01;

    private static readonly Step[] Life =
    [
        new("init", (store, keys) => store.KeepPending(keys.Make("gw", "plant1"))),
        new("init again", (store, keys) => store.KeepPending(keys.Make("gw", "plant1"))),
        new("import 1", (store, _) => Import(store, 1)),
        new("activate 1", (store, _) => store.Activate(forgetsRequest: true)),
        new("renew 2", (store, keys) => store.Stage(2, Version(keys.Make("gw", "plant1")))),
        new("activate 2", (store, _) => store.Activate(forgetsRequest: false)),
        new("init a third time", (store, keys) => store.KeepPending(keys.Make("gw", "plant1"))),
        new("renew 3", (store, keys) => store.Stage(3, Version(keys.Make("gw", "plant1")))),
        new("activate 3", (store, _) => store.Activate(forgetsRequest: false)),
        new("trust 7", (store, _) => store.ReplaceTrust(7, "roots"u8, "lists"u8)),
        new("rollback", (store, _) => store.Rollback()),
        new("import 4", (store, _) => Import(store, 4)),
        new("renew 5", (store, keys) => store.Stage(5, Version(keys.Make("gw", "plant1")))),
        new("activate 5", (store, _) => store.Activate(forgetsRequest: false)),
    ];

    [Fact]
    public void Nothing_in_use_loses_its_key_and_at_most_two_are_left_over_until_the_next_change()
    {
        var (states, strays) = (0, 0);
        for (var step = 0; step < Life.Length; step++)
        {
            var isWhole = false;
            for (var lasts = 0; !isWhole; lasts++)
            {
                var (disk, tpm) = Lived(step);
                disk.PowerLastsFor = lasts;
                isWhole = Runs(Life[step], disk, tpm);
                disk.PowerLastsFor = null;
                foreach (var left in disk.AfterPowerCut())
                {
                    states++;
                    strays = Math.Max(strays, Check(
                        left, tpm.Copy(left.ChangeBeside), $"{Life[step].Name}, cut before change {lasts}"));
                }
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{states} states, at most {strays} keys left over");
        Assert.True(states > 500, $"{states} states only");
        Assert.InRange(strays, 1, 2);
    }

    [Fact]
    public void A_life_keeps_as_many_keys_as_it_has_identities_and_requests()
    {
        var (disk, tpm) = Lived(Life.Length);
        var store = new IdentityStore(disk);

        // The request that waits, the one in use, and the one before.
        Assert.Equal(3, store.KeysElsewhere().Select(key => key.Handle).Distinct().Count());
        Assert.Equal(3 + 1, tpm.Places.Count);
        Assert.Equal(0, tpm.Connections);
    }

    private static (SimulatedIdentityDisk Disk, SimulatedTpm Tpm) Lived(int steps)
    {
        var disk = new SimulatedIdentityDisk();
        var tpm = new SimulatedTpm { Change = disk.ChangeBeside, PlacesMax = 7 };
        new KeysInTpm(tpm, "/somewhere/else", true).Keep(
            new KeysInTpm(tpm, "/somewhere/else", true).Make("other", "plant1"), () => []);
        var place = tpm.Places[TpmFirst];
        tpm.Places.Clear();
        tpm.Places[Foreign] = place;
        foreach (var step in Life.Take(steps))
        {
            Assert.True(Runs(step, disk, tpm));
        }

        return (disk, tpm);
    }

    private const uint TpmFirst = 0x8153_4C00;

    private static bool Runs(Step step, SimulatedIdentityDisk disk, SimulatedTpm tpm)
    {
        try
        {
            var keys = new KeysInTpm(tpm, Directory, isChosen: true);
            step.Do(new IdentityStore(disk, keys), keys);
            return true;
        }
        catch (IdentityPowerLostException)
        {
            return false;
        }
    }

    /// <returns>Keys that nothing speaks of.</returns>
    private static int Check(SimulatedIdentityDisk left, SimulatedTpm tpm, string how)
    {
        var keys = new KeysInTpm(tpm, Directory, isChosen: true);
        var store = new IdentityStore(left, keys);
        var state = store.Look();
        var kept = store.KeysElsewhere();
        foreach (var version in new[] { state.Active, state.Previous, state.Staged }.OfType<string>())
        {
            var key = TpmKeyText.Read(store.ReadFile(version, IdentityDirectory.KeyFile));
            Assert.True(key is { Handle: not null }, $"{how}: {version} has no key\n{left}");
        }

        foreach (var key in kept)
        {
            using var signer = keys.Signer(key.Write())!;
            var hash = SHA256.HashData("something"u8);
            Assert.True(signer.VerifyHash(hash, signer.SignHash(hash)), $"{how}: {key.Handle:X} is gone\n{left}");
        }

        var over = tpm.Places.Count - 1 - kept.Select(key => key.Handle).Distinct().Count();

        // Whoever comes after the power cut can go on, and what was left over goes.
        store.Stage(9, Version(keys.Make("gw", "plant1")));
        store.Activate(forgetsRequest: false);
        Assert.Equal("0009", store.Look().Active);
        Assert.Equal(
            store.KeysElsewhere().Select(key => key.Handle!.Value).Append(Foreign).Distinct().Order(),
            tpm.Places.Keys);
        return over;
    }

    private static void Import(IdentityStore store, int version) =>
        store.Stage(version, Version(TpmKeyText.Read(store.ReadPending())!.Write()));

    private static IReadOnlyList<IdentityFile> Version(byte[] key) =>
    [
        new(IdentityDirectory.KeyFile, key, IsSecret: true),
        new(IdentityDirectory.ChainFile, Encoding.ASCII.GetBytes("chain")),
        new(IdentityDirectory.RootsFile, Encoding.ASCII.GetBytes("roots")),
    ];

    private sealed record Step(string Name, Action<IdentityStore, KeysInTpm> Do);
}
