using Sluice.Agent.Updating.Files;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Packages;

/// <summary>packaging/image/make-update.sh, with openssl and bash as a release machine has them.</summary>
public sealed class An_update_file
{
    [Fact]
    public async Task Made_by_openssl_is_taken_by_a_gateway_and_made_again_it_is_the_same()
    {
        using var directory = new FieldDirectory();
        var key = directory.At("release.pem");
        (await Commands.ShellAsync($"openssl genpkey -algorithm ed25519 -out {key} 2>&1"
            + $" && openssl pkey -in {key} -pubout -out {key}.pub")).MustHaveWorked();
        foreach (var (name, length) in new[] { ("vmlinuz", 3000), ("initrd", 1), ("root", 5_000_000) })
        {
            var bytes = new byte[length];
            new Random(length).NextBytes(bytes);
            await File.WriteAllBytesAsync(directory.At(name), bytes);
        }

        async Task<byte[]> MadeAsync(string name)
        {
            (await Commands.ShellAsync($"packaging/image/make-update.sh {directory.At(name)} {key} generic-uefi arm64 "
                + $"0.2.0 'quiet panic=10' {directory.At("vmlinuz")} {directory.At("initrd")} {directory.At("root")}"))
                .MustHaveWorked();
            return await File.ReadAllBytesAsync(directory.At(name));
        }

        var first = await MadeAsync("first.update");
        var second = await MadeAsync("second.update");
        Assert.True(first.SequenceEqual(second), "the second one is another one");
        var taken = UpdateKey.Read(await File.ReadAllTextAsync(key + ".pub"));
        var (file, problem) = UpdateFile.Open(new MemoryStream(first), [taken!]);
        Assert.Equal("", problem);
        Assert.Equal(("generic-uefi", "arm64", "0.2.0", "quiet panic=10"),
            (file!.Manifest.Board, file.Manifest.Architecture, file.Manifest.Version, file.Manifest.Options));
        Assert.All(file.Manifest.Parts,
            part => Assert.True(file.Read(part, _ => { }, CancellationToken.None), part.Name));
    }

    [Fact]
    public async Task Is_not_made_with_a_key_of_another_kind()
    {
        using var directory = new FieldDirectory();
        (await Commands.ShellAsync($"openssl ecparam -name prime256v1 -genkey -out {directory.At("key")} 2>&1"))
            .MustHaveWorked();
        var said = await Commands.ShellAsync($"packaging/image/make-update.sh {directory.At("out")} "
            + $"{directory.At("key")} b arm64 0.2.0 o /etc/hostname /etc/hostname /etc/hostname");
        Assert.NotEqual(0, said.Code);
        Assert.Contains("not an Ed25519 key", said.Text, StringComparison.Ordinal);
        Assert.False(File.Exists(directory.At("out")));
    }
}
