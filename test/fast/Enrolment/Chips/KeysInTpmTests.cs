using System.Security.Cryptography;
using System.Text;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Enrolment.Chips;

public sealed class KeysInTpmTests
{
    private const string Directory = "/var/lib/sluice/identity";

    private readonly SimulatedTpm tpm = new() { PlacesMax = 100 };

    private KeysInTpm Keys => new(tpm, Directory, isChosen: true);

    [Fact]
    public void A_key_is_made_and_signs_its_request_and_has_no_place_until_it_is_kept()
    {
        var made = Keys.Make("gw-042", "plant1");

        Assert.Empty(tpm.Places);
        Assert.Equal(0, tpm.Connections);
        var request = KeyRequest.Read(made, out var problem);
        Assert.True(request is { GatewayId: "gw-042", Plant: "plant1", IsP256: true }, problem);
        var kept = Keys.Keep(made, () => []);
        var key = TpmKeyText.Read(kept)!;
        Assert.Equal(0x8153_4C00u, Assert.Single(tpm.Places).Key);
        Assert.Equal((0x8153_4C00u, request.KeyFingerprint), (key.Handle!.Value, key.KeyFingerprint));
        Assert.Equal(request.Der.ToArray(), KeyRequest.Read(kept, out _)!.Der.ToArray());
        Assert.DoesNotContain("SEED", Encoding.ASCII.GetString(kept), StringComparison.Ordinal);
        Assert.Equal(kept, Keys.Keep(kept, () => throw new InvalidOperationException("It is kept already.")));
    }

    [Fact]
    public void Each_key_is_another_one_and_takes_the_first_place_that_nobody_has()
    {
        var taken = tpm.Places;
        Keys.Keep(Keys.Make("gw", "plant1"), () => []);
        taken[0x8153_4C02] = taken[0x8153_4C00];
        var others = new KeysInTpm(tpm, "/another/directory", isChosen: true);

        var texts = Enumerable.Range(0, 3).Select(_ => TpmKeyText.Read(others.Keep(others.Make("gw", "p"), () => []))!)
            .ToList();

        // The second and third let go of the one before, which no file speaks of.
        Assert.Equal([0x8153_4C01u, 0x8153_4C01u, 0x8153_4C01u], texts.Select(text => text.Handle!.Value));
        Assert.Equal(3, texts.Select(text => text.KeyFingerprint).Distinct().Count());
        Assert.Equal([0x8153_4C00u, 0x8153_4C01u, 0x8153_4C02u], taken.Keys);
    }

    [Fact]
    public void A_directory_whose_keys_are_in_another_TPM_lets_go_of_none_here()
    {
        var here = TpmKeyText.Read(Keys.Keep(Keys.Make("gw", "plant1"), () => []))!;
        var there = new SimulatedTpm();
        var copied = TpmKeyText.AtHandle(here.Handle!.Value, new KeyedElsewhere().Info);
        var copy = new KeysInTpm(tpm, Directory, isChosen: true);

        copy.Sweep([copied], [copied]);
        Assert.Equal(0, copy.Count([copied]));
        Assert.Single(tpm.Places);

        var fault = Assert.Throws<TpmException>(() => KeysInTpm.OpenForTls(tpm, copied));
        Assert.Contains("the card is a copy from another gateway, or the TPM was cleared", fault.Happened,
            StringComparison.Ordinal);
        Assert.Contains("identity init --again", fault.WhatToDo, StringComparison.Ordinal);
        Assert.Throws<TpmException>(() => KeysInTpm.OpenForTls(there, here));
        Assert.Equal(1, copy.Count([here]));
        Assert.Equal(1, copy.Empty());
        Assert.Empty(tpm.Places);
    }

    /// <summary>All that a TPM may answer before and instead.</summary>
    [Theory]
    [InlineData(0x922u, 3, null)]
    [InlineData(0x908u, 49, null)]
    [InlineData(0x922u, 60, "0x922")]
    [InlineData(0x9A2u, 1, "its owner has a password")]
    [InlineData(0x98Eu, 1, "its owner has a password")]
    [InlineData(0x14Bu, 1, "has no room to make a key")]
    [InlineData(0x101u, 1, "refuses to make a key (0x101)")]
    public void A_TPM_that_wants_time_gets_it_and_any_other_refusal_is_a_sentence(uint code, int times, string? says)
    {
        tpm.Refuses = (code, times);
        if (says is null)
        {
            Assert.NotNull(KeyRequest.Read(Keys.Make("gw", "plant1"), out _));
            return;
        }

        var fault = Assert.Throws<TpmException>(() => Keys.Make("gw", "plant1"));
        Assert.Contains(says, fault.Happened, StringComparison.Ordinal);
        Assert.Equal(0, tpm.Connections);
    }

    /// <summary>A bus with a loose contact, or a chip that is none: every answer cut off anywhere, and with any byte
    /// changed.</summary>
    [Fact]
    public void No_answer_of_a_TPM_breaks_anything_but_the_wish()
    {
        var (refused, done) = (0, 0);
        for (var answer = 0; answer < 9; answer++)
        {
            for (var at = 0; at < 120; at += 3)
            {
                foreach (var cuts in new[] { true, false })
                {
                    var keys = new KeysInTpm(new DamagedTpm(answer, at, cuts), Directory, isChosen: true);
                    try
                    {
                        Assert.NotNull(TpmKeyText.Read(keys.Keep(keys.Make("gw", "plant1"), () => [])));
                        done++;
                    }
                    catch (TpmException)
                    {
                        refused++;
                    }
                }
            }
        }

        Assert.True(refused > 200 && done > 50, $"{refused} refused, {done} done");
    }

    [Fact]
    public void Where_there_is_no_place_left_nobody_elses_key_goes()
    {
        for (var place = 0u; place < 16; place++)
        {
            var others = new KeysInTpm(tpm, $"/directory/{place}", isChosen: true);
            others.Keep(others.Make("gw", "plant1"), () => []);
        }

        var fault = Assert.Throws<TpmException>(() => Keys.Keep(Keys.Make("gw", "plant1"), () => []));
        Assert.Contains("all 16 places for keys in the TPM are taken, from 0x81534C00 on", fault.Happened,
            StringComparison.Ordinal);
        Assert.Equal(16, tpm.Places.Count);

        tpm.Places.Remove(0x8153_4C0F);
        tpm.PlacesMax = 15;
        Assert.Contains("no room to keep a key", Assert.Throws<TpmException>(
            () => Keys.Keep(Keys.Make("gw", "plant1"), () => [])).Happened, StringComparison.Ordinal);
    }

    /// <summary>A gateway with keys in files may have a TPM that belongs to somebody else.</summary>
    [Fact]
    public void A_gateway_that_never_used_a_TPM_does_not_touch_it()
    {
        tpm.IsMissing = true;
        var keys = new KeysInTpm(tpm, Directory, isChosen: false);

        keys.Sweep([], []);
        Assert.Equal(0, keys.Count([]));
        Assert.Equal("anything"u8.ToArray(), keys.Keep("anything"u8, () => throw new InvalidOperationException()));
        Assert.Null(keys.Signer("anything"u8));
        keys.Prove("anything"u8, TimeProvider.System);
    }

    [Fact]
    public void A_key_is_tried_under_TLS_before_anybody_waits_for_its_certificate()
    {
        var kept = Keys.Keep(Keys.Make("gw", "plant1"), () => []);
        Keys.Prove(kept, TimeProvider.System);

        var broken = new KeysInTpm(new ProviderThatCannotSign(tpm), Directory, isChosen: true);
        var fault = Assert.Throws<TpmException>(() => broken.Prove(kept, TimeProvider.System));
        Assert.Contains("does no TLS 1.3 with a key in it", fault.Happened, StringComparison.Ordinal);
        Assert.Contains("tpm2-openssl 1.2 or newer", fault.WhatToDo, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN SLUICE TPM KEY-----\nAQ==\n-----END SLUICE TPM KEY-----\n")]
    [InlineData("-----BEGIN SLUICE TPM KEY-----\nAoFTTAAwMTIz\n-----END SLUICE TPM KEY-----\n")]
    [InlineData("-----BEGIN SLUICE TPM SEED-----\nAYFTTAAwMTIz\n-----END SLUICE TPM SEED-----\n")]
    [InlineData("-----BEGIN SLUICE TPM KEY-----\nno base 64!\n-----END SLUICE TPM KEY-----\n")]
    public void What_is_no_whole_reference_is_none(string text) =>
        Assert.Null(TpmKeyText.Read(Encoding.ASCII.GetBytes(text)));

    /// <summary>Opens another key than the one that the certificate is for: what a handshake must find out.</summary>
    private sealed class ProviderThatCannotSign(ITpm inner) : ITpm
    {
        public ITpmChannel Open() => inner.Open();

        public ECDsa OpenForTls(uint handle)
        {
            using var key = inner.OpenForTls(handle);
            var publicHalf = ECDsa.Create(key.ExportParameters(includePrivateParameters: false));
            return publicHalf;
        }
    }

    /// <summary>One of whose answers something is wrong with.</summary>
    private sealed class DamagedTpm(int answer, int at, bool cuts) : ITpm
    {
        private readonly SimulatedTpm inner = new();
        private int answers;

        public ITpmChannel Open() => new Channel(this, inner.Open());

        public ECDsa OpenForTls(uint handle) => inner.OpenForTls(handle);

        private byte[] Damage(byte[] said)
        {
            if (answers++ != answer || at >= said.Length)
            {
                return said;
            }

            if (cuts)
            {
                return said[..at];
            }

            said[at] ^= 0x5A;
            return said;
        }

        private sealed class Channel(DamagedTpm tpm, ITpmChannel inner) : ITpmChannel
        {
            public byte[] Exchange(ReadOnlySpan<byte> command) => tpm.Damage(inner.Exchange(command));

            public void Dispose() => inner.Dispose();
        }
    }

    private sealed class KeyedElsewhere
    {
        public byte[] Info { get; } = Make();

        private static byte[] Make()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return key.ExportSubjectPublicKeyInfo();
        }
    }
}
