using System.Text.Json;
using Sluice.Field.Enrolment;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Renewal;

/// <summary>
/// The published agent, the published sluice-provision as its registration authority, and real mosquitto with the
/// access list that sluice-provision wrote: nobody's words are a test's.
/// </summary>
public sealed class Both_ends : IAsyncLifetime
{
    private EnrolmentBench enrolment = null!;
    private RenewalBench bench = null!;
    private FieldMes mes = null!;

    public async ValueTask InitializeAsync()
    {
        enrolment = await EnrolmentBench.MakeAsync();
        await enrolment.Broker.StartAsync();
        bench = await RenewalBench.MakeAsync(enrolment);
        await bench.EnrolAsync();
        mes = await bench.StartMesAsync();
        bench.Gateway.Start();
        await bench.Gateway.ConnectedAsync(FieldPlant.Soon);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await mes.DisposeAsync();
            await bench.DisposeAsync();
        }
        finally
        {
            await enrolment.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_renewal_happens_readings_go_on_and_the_audit_of_each_side_says_so()
    {
        await bench.BeginAuthorityAsync();
        await bench.UntilVersionAsync("0001t1");
        var before = await SerialAsync();

        var (code, text) = await RenewAsync("--wait", "30");
        Assert.True(code == 0, $"{text}\n{bench.Said()}");
        Assert.Contains("ok      retired", text);
        var after = await SerialAsync();
        Assert.NotEqual(before, after);

        // The retained trust bundle comes with the new session; this bundle was made after it.
        await bench.UntilVersionAsync("0002");
        await Eventually.HoldsAsync(() => Issued()[^1].TryGetProperty("confirmedAt", out var at)
            && at.ValueKind == JsonValueKind.String, FieldPlant.Soon, bench.Said);
        Assert.Equal([before, after], Issued().Select(each => each.GetProperty("serial").GetString()));
        Assert.Equal(JsonValueKind.String, Issued()[0].GetProperty("supersededAt").ValueKind);
        var audit = (await enrolment.ToolAsync("ra", "audit")).Text;
        Assert.Matches("ra renew +done", audit);
        Assert.Matches("ra confirm +done", audit);
        Assert.Contains("trust done. Version 0001t1 is in use", (await enrolment.VerbAsync("audit", "show")).Text);

        await EverythingArrivedAsync();
    }

    [Fact]
    public async Task An_authority_that_is_away_is_waited_for_and_answers_when_it_is_back()
    {
        var (code, text) = await RenewAsync("--wait", "2");
        Assert.Equal(Agent.ExitCode.Unavailable, code);
        Assert.Contains("has not answered yet", text);

        // It repeats its request ever more slowly; nothing of it is wrong, and readings go on.
        var renewal = (await bench.Gateway.StatusJsonAsync()).GetProperty("renewal");
        Assert.Equal("asking", renewal.GetProperty("state").GetString());

        await bench.BeginAuthorityAsync();

        // The pause before its next request has grown meanwhile.
        await Eventually.HoldsAsync(async () => (await bench.Gateway.StatusJsonAsync()).GetProperty("renewal")
            .GetProperty("renewed").GetInt64() == 1, FieldPlant.Later * 3,
            () => $"{bench.Gateway.Process.Tail()}\n{bench.Said()}");

        // One request was signed, however often it was asked.
        Assert.Equal(2, Issued().Count);
        await EverythingArrivedAsync();
    }

    [Fact]
    public async Task What_sluice_provision_trust_wrote_reaches_the_gateway_and_takes_its_own_certificate_back()
    {
        await bench.PublishTrustAsync();
        await bench.UntilVersionAsync("0001t1");
        await enrolment.FineAsync("status");

        // Another gateway was stolen: this one believes the newer list, and keeps its session.
        var births = mes.Judge((_, stream) => stream.Births);
        await bench.Ca.JsonAsync("revoke", "mes", "--passphrase-file", bench.Ca.PassphraseFile);
        await bench.PublishTrustAsync();
        await bench.UntilVersionAsync("0001t2");
        Assert.Equal(births, mes.Judge((_, stream) => stream.Births));

        await bench.Ca.JsonAsync("revoke", FieldGateway.Id, "--passphrase-file", bench.Ca.PassphraseFile);
        await bench.PublishTrustAsync();
        await Eventually.HoldsAsync(() => mes.Judge((_, stream) =>
            stream.Status is { IsOnline: false, Reason: "revoked" }), FieldPlant.Soon,
            () => $"{bench.Gateway.Process.Tail()}\n{bench.Said()}");
        await bench.Gateway.StatusSaysAsync("may not publish any more", FieldPlant.Soon);
    }

    [Fact]
    public async Task A_trust_bundle_that_takes_the_broker_back_ends_the_session_for_good()
    {
        await bench.Ca.JsonAsync(
            "revoke", Parts.Peers.MosquittoBroker.Host, "--passphrase-file", bench.Ca.PassphraseFile);
        await bench.PublishTrustAsync();
        await bench.Gateway.StatusSaysAsync("the broker is not believed", FieldPlant.Soon);
        Assert.Equal("0001t1", await bench.VersionAsync());
        Assert.Contains("was revoked", (await bench.Gateway.StatusAsync()).Text);

        // Given a new certificate it is believed again, and everything that was kept goes there.
        await enrolment.Broker.StopAsync();
        var acl = await File.ReadAllTextAsync(enrolment.Directory.At("broker", "acl"));
        await bench.Ca.BrokerAsync(
            Parts.Peers.MosquittoBroker.Host, enrolment.Broker.Port, enrolment.Directory.At("broker"));
        await File.WriteAllTextAsync(enrolment.Directory.At("broker", "acl"), acl);
        await enrolment.Broker.StartAsync();
        await bench.Gateway.ConnectedAsync(FieldPlant.Later);
        await EverythingArrivedAsync();
    }

    private async Task EverythingArrivedAsync()
    {
        Assert.Equal(0, await bench.Gateway.StopAsync());
        await mes.HasNoGapAsync(FieldPlant.Later, bench.Gateway);
        Assert.InRange(mes.Readings.Count, 5, int.MaxValue);
        var (code, text) = await enrolment.VerbAsync("audit", "verify");
        Assert.True(code == 0, text);
        (code, text) = await enrolment.ToolAsync("ra", "audit");
        Assert.True(code == 0, text);
    }

    private Task<(int Code, string Text)> RenewAsync(params string[] more) => ChildProcess.RunAsync(
        FieldGateway.Binary("linux-x64"), ["identity", "renew", "--socket", bench.Gateway.Socket, .. more]);

    private async Task<string> SerialAsync() =>
        (await bench.Gateway.StatusJsonAsync()).GetProperty("renewal").GetProperty("serial").GetString()!;

    private List<JsonElement> Issued()
    {
        using var register = JsonDocument.Parse(File.ReadAllText(Path.Combine(bench.Ca.Folder, "register.json")));
        return [.. register.RootElement.Clone().GetProperty("issued").EnumerateArray()
            .Where(each => each.GetProperty("name").GetString() == FieldGateway.Id)];
    }
}
