using System.Text;
using System.Text.Json;
using Sluice.Agent.Updating.Files;
using Xunit;

namespace Sluice.Fast.Updating;

public sealed class UpdateFileTests
{
    /// <summary>RFC 8032, section 7.1: tests 1 to 3.</summary>
    [Theory]
    [InlineData("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25b"
        + "f5f0595bbe24655141438e7a100b")]
    [InlineData("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b"
        + "2eaeb4302aeeb00d291612bb0c00")]
    [InlineData("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c"
        + "15e9716ed28dc027beceea1ec40a")]
    public void A_signature_is_judged_as_the_standard_says(string key, string message, string signature)
    {
        var pem = $"-----BEGIN PUBLIC KEY-----\n"
            + $"{Convert.ToBase64String(Convert.FromHexString("302a300506032b6570032100" + key))}\n"
            + "-----END PUBLIC KEY-----\n";
        var held = UpdateKey.Read(pem)!;
        var signed = Convert.FromHexString(signature);
        Assert.True(held.Signed(Convert.FromHexString(message), signed));
        signed[7] ^= 1;
        Assert.False(held.Signed(Convert.FromHexString(message), signed));
        Assert.False(held.Signed([.. Convert.FromHexString(message), 1], Convert.FromHexString(signature)));
    }

    [Fact]
    public void A_key_of_another_kind_is_none()
    {
        using var other = System.Security.Cryptography.ECDsa.Create(
            System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        Assert.Null(UpdateKey.Read(other.ExportSubjectPublicKeyInfoPem()));
        Assert.Null(UpdateKey.Read("no key"));
        Assert.Null(UpdateKey.Read("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    }

    [Fact]
    public void What_was_made_is_read_as_it_was_made()
    {
        var made = new MadeUpdate();
        var file = made.Open();
        Assert.Equal("0.2.0", file.Manifest.Version);
        foreach (var (part, bytes) in file.Manifest.Parts.Zip(made.Parts))
        {
            using var read = new MemoryStream();
            Assert.True(file.Read(part, piece => read.Write(piece), CancellationToken.None));
            Assert.Equal(bytes, read.ToArray());
        }
    }

    [Fact]
    [Trait("suite", "world")]
    public void No_byte_of_it_can_be_another_one()
    {
        var made = new MadeUpdate { System = [.. Enumerable.Range(0, 400).Select(at => (byte)at)] };
        var key = made.Key;
        var whole = made.Bytes();
        for (var at = 0; at < whole.Length; at++)
        {
            var bytes = whole.ToArray();
            bytes[at] ^= 0x10;
            var (file, problem) = UpdateFile.Open(new MemoryStream(bytes), [key]);
            Assert.True(file is null
                ? problem.Length > 0
                : file.Manifest.Parts.Any(part => !file.Read(part, _ => { }, CancellationToken.None)), $"byte {at}");
        }
    }

    [Fact]
    public void However_it_is_cut_off_or_prolonged_it_is_none()
    {
        var made = new MadeUpdate { System = [1, 2, 3] };
        var key = made.Key;
        var whole = made.Bytes();
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(UpdateFile.Open(new MemoryStream(whole[..length]), [key]).File);
        }

        Assert.Null(UpdateFile.Open(new MemoryStream([.. whole, 0]), [key]).File);
    }

    [Fact]
    public void Another_makers_is_refused_and_any_of_several_keys_will_do()
    {
        var made = new MadeUpdate();
        var other = new MadeUpdate();
        Assert.Contains("another maker's",
            UpdateFile.Open(new MemoryStream(made.Bytes()), [other.Key]).Problem, StringComparison.Ordinal);
        Assert.Contains("trusts no key", UpdateFile.Open(new MemoryStream(made.Bytes()), []).Problem,
            StringComparison.Ordinal);
        Assert.NotNull(UpdateFile.Open(new MemoryStream(made.Bytes()), [other.Key, made.Key]).File);
    }

    [Theory]
    [InlineData("{}", "required")]
    [InlineData("[]", "convert")]
    [InlineData("{", "Expected depth")]
    [InlineData("null", "empty")]
    public void A_manifest_that_was_signed_and_is_none_says_why(string manifest, string words)
    {
        var made = new MadeUpdate();
        var bytes = made.Bytes(Encoding.UTF8.GetBytes(manifest));
        var problem = UpdateFile.Open(new MemoryStream(bytes), [made.Key]).Problem;
        Assert.StartsWith("It is signed, and not well made", problem, StringComparison.Ordinal);
        Assert.Contains(words, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_that_no_gateway_could_use_is_refused()
    {
        var right = new MadeUpdate().Manifest;
        var large = new UpdatePart(UpdateManifest.Initrd, UpdateManifest.BootBytesMax, new string('0', 64));
        (string Words, UpdateManifest Manifest)[] wrong =
        [
            ("is no version", right with { Version = "1.2" }),
            ("no command line", right with { Options = "quiet\ninit=/bin/sh" }),
            ("no command line", right with { Options = new string('x', 1025) }),
            ("its parts are not", right with { Parts = [.. right.Parts.Reverse()] }),
            ("its parts are not", right with { Parts = [.. right.Parts.Take(2)] }),
            ("no length", right with { Parts = [right.Parts[0] with { Bytes = 0 }, .. right.Parts.Skip(1)] }),
            ("no length", right with { Parts = [right.Parts[0] with { Sha256 = "AB" }, .. right.Parts.Skip(1)] }),
            ("too large", right with { Parts = [right.Parts[0], large, right.Parts[2]] }),
        ];
        Assert.All(wrong, each => Assert.Contains(each.Words, UpdateManifest.Read(
            JsonSerializer.SerializeToUtf8Bytes(each.Manifest, UpdateJson.Default.UpdateManifest)).Problem,
            StringComparison.Ordinal));
    }

    /// <summary>Semantic Versioning 2.0.0, section 11: its own example, and numbers that are no words.</summary>
    [Fact]
    public void Versions_stand_in_the_order_of_the_standard()
    {
        string[] order =
        [
            "0.1.0", "0.1.1", "0.2.0", "0.10.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
            "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0",
        ];
        var versions = order.Select(text => SoftwareVersion.TryParse(text, out var each) ? each : null).ToList();
        for (var one = 0; one < versions.Count; one++)
        {
            for (var other = 0; other < versions.Count; other++)
            {
                Assert.Equal(one.CompareTo(other), Math.Sign(versions[one]!.CompareTo(versions[other])));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2.3.4")]
    [InlineData("01.2.3")]
    [InlineData("1.2.3-")]
    [InlineData("1.2.3-a..b")]
    [InlineData("1.2.3-01")]
    [InlineData("1.2.3+build")]
    [InlineData("1.2.99999999999")]
    [InlineData("1.2.-3")]
    [InlineData("a.b.c")]
    public void What_is_no_version_is_none(string text) => Assert.False(SoftwareVersion.TryParse(text, out _));
}
