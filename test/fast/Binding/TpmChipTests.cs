using Sluice.Agent.Binding;
using Sluice.Agent.Enrolment;
using Sluice.Fast.Validity;
using Xunit;

namespace Sluice.Fast.Binding;

public sealed class TpmChipTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("sluice-tpm-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("2\n", "2.0")]
    [InlineData("1\n", "1.2")]
    [InlineData(null, "of a version that the kernel does not tell")]
    public void The_kernel_says_which_there_is(string? major, string version)
    {
        Assert.Null(TpmChip.Version(root));
        var folder = Directory.CreateDirectory(Path.Combine(root, "sys/class/tpm/tpm0")).FullName;
        if (major is not null)
        {
            File.WriteAllText(Path.Combine(folder, "tpm_version_major"), major);
        }

        Assert.Equal(version, TpmChip.Version(root));
    }

    [Theory]
    [InlineData(null, "a file of mode 0600", 0)]
    [InlineData("2.0", "a file of mode 0600; the TPM 2.0 is not used", 1)]
    public async Task Init_says_what_protects_the_key_it_made(string? tpm, string protection, int notes)
    {
        await using var gateway = new EnrolledGateway { Machine = new MachineFacts("b", "c"), Tpm = tpm };

        var report = new Enrol(gateway.Context).Init(anew: false);

        Assert.Equal(protection, report.KeyProtection);
        Assert.Equal(1 + notes, report.Notes!.Count);
        Assert.Contains(gateway.Context.Audit.Newest(5), line => line.Text.EndsWith(
            $"in {protection}.", StringComparison.Ordinal));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(gateway.IdentityPath, "pending.pem")));
    }
}
