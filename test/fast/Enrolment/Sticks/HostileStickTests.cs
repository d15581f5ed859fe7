using System.Diagnostics;
using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Enrolment.Sticks;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provisioning.Bundles;
using Xunit;

namespace Sluice.Fast.Enrolment.Sticks;

/// <summary>A real folder as an enemy would make it, on a file system that has all that FAT has not.</summary>
public sealed class HostileStickTests : IClassFixture<BundleBench>, IDisposable
{
    private readonly BundleBench bench;
    private readonly StickGateway gateway;
    private readonly string mount = Directory.CreateTempSubdirectory("sluice-hostile-").FullName;

    public HostileStickTests(BundleBench bench)
    {
        this.bench = bench;
        gateway = new StickGateway(bench.KeyAndRequest);
        Directory.CreateDirectory(Path.Combine(mount, StickLayout.Folder));
    }

    public void Dispose()
    {
        gateway.Dispose();
        Directory.Delete(mount, recursive: true);
    }

    [Fact]
    public async Task A_link_in_place_of_the_report_or_the_request_is_replaced_and_what_it_leads_to_is_not_touched()
    {
        var precious = Path.Combine(mount, "precious");
        await File.WriteAllTextAsync(precious, "mine");
        File.CreateSymbolicLink(At(StickGateway.Report), precious);
        File.CreateSymbolicLink(At($".{StickGateway.Report}.new"), precious);
        File.CreateSymbolicLink(At(StickGateway.Request), precious);

        await PlugInAsync();

        Assert.Equal("mine", await File.ReadAllTextAsync(precious));
        Assert.Null(new FileInfo(At(StickGateway.Report)).LinkTarget);
        Assert.Contains(StickReport.LastLine, await ReportAsync());
        Assert.StartsWith("-----BEGIN CERTIFICATE REQUEST", await File.ReadAllTextAsync(At(StickGateway.Request)));
    }

    [Theory]
    [InlineData("link")]
    [InlineData("pipe")]
    [InlineData("folder")]
    [InlineData("huge")]
    public async Task What_is_no_plain_file_of_a_likely_size_is_not_read(string what)
    {
        var bundle = At(StickGateway.Bundle);
        var elsewhere = Path.Combine(mount, "elsewhere");
        await File.WriteAllBytesAsync(elsewhere, bench.First);
        switch (what)
        {
            case "link":
                File.CreateSymbolicLink(bundle, elsewhere);
                break;
            case "pipe":
                using (var made = Process.Start("mkfifo", [bundle]))
                {
                    await made.WaitForExitAsync();
                }

                break;
            case "folder":
                Directory.CreateDirectory(bundle);
                break;
            default:
                await using (var file = File.Create(bundle))
                {
                    file.SetLength(1L << 40);
                }

                break;
        }

        var before = gateway.Snapshot();
        var code = await PlugInAsync();

        Assert.Equal(ExitCode.Unclear, code);
        Assert.Contains(what switch
        {
            "link" => "it is a link, and links are not followed",
            "huge" => "it is another file",
            _ => "is no plain file",
        }, await ReportAsync());
        Assert.Equal(before, gateway.Snapshot());
    }

    [Fact]
    [Trait("suite", "world")]
    public async Task Thousands_of_files_with_odd_names_change_nothing()
    {
        for (var number = 0; number < 3000; number++)
        {
            await File.WriteAllBytesAsync(At($"\u0001{number}\u00ff; rm -rf $HOME `x`{StickLayout.BundleEnding}"), []);
        }

        await File.WriteAllBytesAsync(At(StickGateway.Bundle), bench.First);

        Assert.Equal(ExitCode.Fine, await PlugInAsync());
        Assert.Equal("0001", gateway.State.Active);
    }

    [Fact]
    public async Task A_folder_in_place_of_the_report_changes_nothing()
    {
        Directory.CreateDirectory(At(StickGateway.Report));
        await File.WriteAllBytesAsync(At(StickGateway.Bundle), bench.First);
        var before = gateway.Snapshot();

        Assert.Equal(ExitCode.Storage, await PlugInAsync());

        Assert.Equal(before, gateway.Snapshot());
        Assert.False(File.Exists(At($".{StickGateway.Report}.new")));
    }

    [Fact]
    public void A_stick_whose_folder_is_a_link_is_none_of_ours()
    {
        var other = Directory.CreateTempSubdirectory("sluice-other-").FullName;
        File.CreateSymbolicLink(Path.Combine(other, StickLayout.Folder), Path.Combine(mount, StickLayout.Folder));

        Assert.Null(LinuxStick.Open(other, out var problem));
        Assert.Contains("There is no folder sluice", problem);
        Directory.Delete(other, recursive: true);
    }

    [Fact]
    public async Task A_gateway_whose_configuration_is_refused_says_so_on_the_stick()
    {
        var configuration = Path.Combine(mount, "gateway.json");
        await File.WriteAllTextAsync(configuration, "{ not json");
        await File.WriteAllBytesAsync(At(StickGateway.Bundle), bench.First);
        var line = new AgentCommandLine { Output = new StringWriter(), Error = new StringWriter() };

        var code = await line.InvokeAsync(["stick", "run", mount, "--config", configuration], CancellationToken.None);

        Assert.Equal(ExitCode.Configuration, code);
        var report = await File.ReadAllTextAsync(At("gateway" + StickLayout.ReportEnding));
        Assert.Contains("What happened: The configuration is refused", report);
        Assert.EndsWith(StickReport.LastLine + "\r\n", report);
    }

    private string At(string name) => Path.Combine(mount, StickLayout.Folder, name);

    private Task<string> ReportAsync() => File.ReadAllTextAsync(At(StickGateway.Report));

    private async Task<int> PlugInAsync()
    {
        using var stick = LinuxStick.Open(mount, out _)!;
        return (await gateway.PlugInAsync(stick)).ExitCode;
    }
}
