using Sluice.Field.Enrolment;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;

namespace Sluice.Field.Renewal;

/// <summary>
/// Both real ends of a renewal at a real broker: an enrolled gateway, and the published sluice-provision as
/// registration authority of the CA that enrolled it.
/// </summary>
internal sealed class RenewalBench : IAsyncDisposable
{
    private ChildProcess? authority;

    private RenewalBench(EnrolmentBench enrolment) => Enrolment = enrolment;

    public EnrolmentBench Enrolment { get; }

    public FieldGateway Gateway => Enrolment.Gateway;

    public PlantCa Ca => Enrolment.Ca;

    /// <param name="enrolment">Whose broker runs; whether its gateway has its identity already does not matter.</param>
    public static async Task<RenewalBench> MakeAsync(EnrolmentBench enrolment)
    {
        var bench = new RenewalBench(enrolment);
        foreach (var client in new[] { "ra", "mes" })
        {
            await bench.Ca.JsonAsync(
                "client", client, "--out", enrolment.Directory.At(client), "--passphrase-file",
                bench.Ca.PassphraseFile);
        }

        File.SetUnixFileMode(bench.Ca.PassphraseFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return bench;
    }

    /// <summary>The gateway gets its first certificate with a stick.</summary>
    public async Task EnrolAsync()
    {
        var key = (await Enrolment.FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        await Enrolment.FineAsync("export", Enrolment.Stick);
        await Ca.SignAsync(Enrolment.Stick, key);
        await Enrolment.FineAsync("import", Enrolment.Stick, "--root-fingerprint", Ca.Root);
        await Enrolment.FineAsync("verify", "--socket", Gateway.Socket);
        await Enrolment.FineAsync("activate");
    }

    public async Task BeginAuthorityAsync()
    {
        authority = ChildProcess.Start(PlantCa.Binary,
        [
            "ra", "--ca", Ca.Folder, "--client", Enrolment.Directory.At("ra", "ra.pem"), "--passphrase-file",
            Ca.PassphraseFile,
        ]);
        await authority.SaysAsync("At work", EnrolmentBench.Patience);
    }

    public async Task EndAuthorityAsync()
    {
        if (authority is { } running)
        {
            authority = null;
            await running.TerminateAsync(EnrolmentBench.Patience);
            await running.DisposeAsync();
        }
    }

    public Task<FieldMes> StartMesAsync() => FieldMes.StartAsync(
        (Enrolment.Directory.At("mes", "mes.pem"), Enrolment.Directory.At("mes", "mes.key")), Enrolment.Broker);

    /// <summary>Where no authority runs: what <c>sluice-provision trust</c> wrote, retained by whoever may.</summary>
    public async Task PublishTrustAsync()
    {
        var file = Enrolment.Directory.At("trust.bundle");
        await Ca.JsonAsync("trust", "--out", file, "--passphrase-file", Ca.PassphraseFile);
        var (code, said) = await ChildProcess.RunAsync("/usr/bin/mosquitto_pub",
        [
            "-h", "127.0.0.1", "-p", $"{Enrolment.Broker.Port}", "--cafile", Enrolment.Broker.Files.Authority,
            "--insecure", "--cert", Enrolment.Directory.At("ra", "ra.pem"), "--key",
            Enrolment.Directory.At("ra", "ra.key"), "-V", "mqttv5", "-q", "1", "-i", "ra-by-hand", "-r",
            "-t", "sluice/v1/plant1/trust", "-f", file,
        ]);
        if (code != 0)
        {
            throw new InvalidOperationException(said);
        }
    }

    public async Task<string> VersionAsync() =>
        (await Gateway.StatusJsonAsync()).GetProperty("identity").GetProperty("version").GetString()!;

    public async Task UntilVersionAsync(string version)
    {
        var seen = "";
        await Eventually.HoldsAsync(
            async () => (seen = await VersionAsync()) == version, FieldPlant.Soon,
            () => $"never version {version}, but {seen}.\nThe agent: {Gateway.Process.Tail()}\n{Said()}");
    }

    public string Said() =>
        $"The authority: {authority?.Tail()}\nThe broker: {Enrolment.Broker.Process.Tail(30)}";

    public async ValueTask DisposeAsync()
    {
        if (authority is not null)
        {
            await authority.DisposeAsync();
        }
    }
}
