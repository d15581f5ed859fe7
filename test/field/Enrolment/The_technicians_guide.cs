using Sluice.Agent.Binding;
using Sluice.Field.Parts;
using Sluice.Field.Renewal;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// The screens in docs/guides/technician.md are those of the published programs. <c>make views</c> copies them anew.
/// </summary>
public sealed class The_technicians_guide
{
    private static readonly string Guide =
        Path.Combine(FieldDirectory.Repository(), "docs", "guides", "technician.md");

    [Fact]
    public async Task Shows_what_the_screens_show()
    {
        await using var bench = await EnrolmentBench.MakeAsync();
        await bench.Broker.StartAsync();
        var views = await WalkAsync(bench);

        var guide = await File.ReadAllTextAsync(Guide);
        var copied = guide;
        foreach (var (name, view) in views)
        {
            copied = view.Into(copied, name) ?? throw new InvalidOperationException(
                $"The guide has no place for the view '{name}': <!-- view: {name} --> and a fenced block.");
        }

        if (Environment.GetEnvironmentVariable("SLUICE_VIEWS") == "write")
        {
            await File.WriteAllTextAsync(Guide, copied);
            return;
        }

        Assert.True(copied == guide, "The screens have changed; 'make views' copies them. They are:\n\n"
            + string.Join('\n', views.Select(view => $"{view.Name}:\n{view.View}")));
    }

    private static async Task<List<(string Name, GuideView View)>> WalkAsync(EnrolmentBench bench)
    {
        string[] Verb(params string[] verb) =>
            [FieldGateway.Binary("linux-x64"), "identity", .. verb, "--config", bench.Gateway.ConfigurationFile];
        var init = await bench.ByHandAsync(Verb("init"));
        var key = (await bench.FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        var masks = new Dictionary<string, string>
        {
            [key] = "N42J-NFGA-N9F8-2K5A",
            [bench.Ca.Root] = "CR2Z-MMVM-BGFX-QT4C",
            [bench.Stick] = "/media/stick",
            [$"127.0.0.1:{bench.Broker.Port}"] = "192.0.2.10:8883",
            [FieldGateway.Id] = "gw-042",

            // Of the machine that runs the tests, which may be a container.
            [$"Note: {BindingWords.Unknown}"] = "",
        };
        const string gateway = "gateway$ sluice-agent identity ";
        var ask = new GuideView(masks)
            .With($"{gateway}init", init)
            .With($"{gateway}export /media/stick", await bench.ByHandAsync(Verb("export", bench.Stick)));
        var own = await GuideOwnCa.ShowAsync(bench, key, masks);
        var sign = new GuideView(masks).With("laptop$ sluice-provision sign /media/stick --ca ca",
            await bench.ByHandAsync([PlantCa.Binary, "sign", bench.Stick, "--ca", bench.Ca.Folder],
                (key, "yes"), ("Passphrase", PlantCa.Passphrase)));
        var take = new GuideView(masks)
            .With($"{gateway}import /media/stick",
                await bench.ByHandAsync(Verb("import", bench.Stick), (bench.Ca.Root, "yes")))
            .With($"{gateway}verify", await bench.ByHandAsync(Verb("verify", "--socket", bench.Gateway.Socket)))
            .With($"{gateway}activate", await bench.ByHandAsync(Verb("activate")))
            .With($"{gateway}status", await bench.ByHandAsync(Verb("status")));
        var renew = await RenewAsync(bench, masks);
        return
        [
            ("ask", ask), ("sign", sign), ("take", take), ("own-ca", own), ("renew", renew),
            ("wipe", await WipeAsync(bench, masks)),
        ];
    }

    /// <summary>A gateway that runs, and a person who types its id; then the CA.</summary>
    private static async Task<GuideView> WipeAsync(EnrolmentBench bench, Dictionary<string, string> masks)
    {
        masks[bench.Gateway.IdentityDirectory] = "/var/lib/sluice/identity";
        var screen = await bench.ByHandAsync(
            [FieldGateway.Binary("linux-x64"), "identity", "wipe", bench.Stick, "--config",
                bench.Gateway.ConfigurationFile, "--state", bench.Directory.At("state")],
            ("This destroys", FieldGateway.Id));
        var receipt = Path.Combine(bench.Stick, "sluice", $"{FieldGateway.Id}.wiped.receipt");
        var (_, judged) = await bench.ToolAsync("receipt", "verify", receipt);
        return new GuideView(masks)
            .With("gateway$ sudo sluice-agent identity wipe /media/stick", screen)
            .With("laptop$ sluice-provision receipt verify /media/stick/sluice/gw-042.wiped.receipt", judged);
    }

    /// <summary>The gateway at its broker, and the CA's registration authority beside it.</summary>
    private static async Task<GuideView> RenewAsync(EnrolmentBench bench, Dictionary<string, string> masks)
    {
        await using var renewal = await RenewalBench.MakeAsync(bench);
        await using var mes = await renewal.StartMesAsync();
        bench.Gateway.Start();
        await bench.Gateway.ConnectedAsync(FieldPlant.Soon);
        await renewal.BeginAuthorityAsync();
        await renewal.UntilVersionAsync("0001t1");
        var screen = await bench.ByHandAsync(
            [FieldGateway.Binary("linux-x64"), "identity", "renew", "--socket", bench.Gateway.Socket]);
        const string before = "a new key, ";
        var at = screen.IndexOf(before, StringComparison.Ordinal) + before.Length;
        masks[screen[at..screen.IndexOf(';', at)]] = "7C1V-9AHE-MB0K-2XQ4";
        return new GuideView(masks).With("gateway$ sluice-agent identity renew", screen);
    }
}
