using System.Security.Cryptography;
using Sluice.Field.Parts;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// What OpenSSL's TPM provider of this machine, Debian 12, can do with a key that never leaves a TPM, and what the
/// agent does with one. What a newer one can do is seen in the virtual gateway with Debian 13.
/// </summary>
public sealed class Key_in_a_TPM
{
    private static readonly Version Last = new(1, 1, 1);

    [Fact]
    public async Task Signs_a_request_and_cannot_do_TLS_with_the_provider_of_Debian_12()
    {
        using var directory = new FieldDirectory();
        var (code, text) = await ChildProcess.RunAsync(
            Path.Combine(FieldDirectory.Repository(), "test", "field", "tpm", "try-tpm.sh"), directory.Root,
            $"{TpmPorts.Free()}", $"{FieldDirectory.FreePort()}");
        Assert.True(code == 0, text);
        var told = text.Split('\n').Select(line => line.Split(' ', 2)).Where(parts => parts.Length == 2)
            .ToLookup(parts => parts[0], parts => parts[1]);
        Assert.Equal("yes", told["request"].Single());

        var provider = Version.Parse(told["provider"].Single());
        if (provider > Last)
        {
            Assert.Fail($"tpm2-openssl {provider} is new here: TLS 1.3 with a key in a TPM, {told["tls"].Single()}. "
                + "Write down here and in docs/guides/technician.md what was seen: " + told["said"].Single());
        }

        Assert.Equal("no", told["tls"].Single());
        Assert.Contains("cannot duplicate context", told["said"].Single(), StringComparison.Ordinal);
        Assert.Contains("not able to copy ctx", told["said"].Single(), StringComparison.Ordinal);
    }

    /// <summary>
    /// The agent's own commands, at the TPM that the world tests with: what a request needs is all right with any
    /// version. Then what <c>identity init</c> does is done, and finds out that TLS is not.
    /// </summary>
    [Fact]
    public async Task Is_made_kept_and_let_go_of_by_the_agents_own_commands_and_refused_where_TLS_is_not_to_be_had()
    {
        using var directory = new FieldDirectory();
        await using var tpm = await SoftwareTpm.StartAsync(directory);
        var keys = new KeysInTpm(tpm, "/var/lib/sluice/identity", isChosen: true);
        var others = new KeysInTpm(tpm, "/somewhere/else", isChosen: true);
        var other = TpmKeyText.Read(others.Keep(others.Make("gw-2", "plant1"), () => []))!;
        var kept = new List<TpmKeyText>();
        var made = Array.Empty<byte>();
        for (var each = 0; each < 3; each++)
        {
            made = keys.Keep(keys.Make("gw-1", "plant1"), () => kept);
            kept.Add(TpmKeyText.Read(made)!);
            Assert.True(KeyRequest.Read(made, out var problem)?.KeyFingerprint == kept[^1].KeyFingerprint, problem);
            using var signer = keys.Signer(made)!;
            byte[] said = [1, 2, 3];
            Assert.True(signer.VerifyData(
                said, signer.SignData(said, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));
        }

        Assert.Equal([0x81534C01u, 0x81534C02u, 0x81534C03u], kept.Select(key => key.Handle!.Value));
        Assert.Equal(3, kept.Select(key => key.KeyFingerprint).Distinct().Count());
        keys.Sweep(kept, [kept[2]]);
        Assert.Equal(1, keys.Count([kept[2]]));

        var refused = Assert.Throws<TpmException>(() => keys.Prove(made, TimeProvider.System));
        TestContext.Current.TestOutputHelper!.WriteLine(refused.Message);
        Assert.Contains("does no TLS 1.3 with a key in it", refused.Happened, StringComparison.Ordinal);
        Assert.Contains("tpm2-openssl 1.2 or newer", refused.WhatToDo, StringComparison.Ordinal);

        Assert.Equal(1, keys.Empty());
        Assert.Throws<TpmException>(() => KeysInTpm.OpenForTls(tpm, kept[2]));
        Assert.Equal(1, others.Count([other]));
    }
}
