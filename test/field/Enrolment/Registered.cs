using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MQTTnet.Protocol;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// The registration authority: the published sluice-provision at real mosquitto with the access list that it wrote,
/// and gateways whose words the test chooses.
/// </summary>
public sealed class Registered : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FieldDirectory directory = new();
    private readonly PlantCa ca;
    private readonly MosquittoBroker broker;
    private readonly ScriptedGateway gateway;
    private ChildProcess authority = null!;

    public Registered()
    {
        ca = new PlantCa(directory);
        string At(string file) => directory.At("broker", file);
        broker = new MosquittoBroker(
            directory, new BrokerFiles(At("server.pem"), At("server.key"), At("ca.pem"), At("crl.pem")));
        gateway = new ScriptedGateway(directory, broker, "gw-7");
    }

    public async ValueTask InitializeAsync()
    {
        await ca.MakeAsync();
        await ca.BrokerAsync(MosquittoBroker.Host, broker.Port, directory.At("broker"));
        await ca.JsonAsync("client", "ra", "--out", directory.At("ra"), "--passphrase-file", ca.PassphraseFile);
        File.SetUnixFileMode(ca.PassphraseFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await gateway.EnrolAsync(ca);
        await broker.StartAsync();
        await BeginAsync();
        await gateway.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await authority.DisposeAsync();
        await broker.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_gateway_gets_a_certificate_for_a_new_key_connects_with_it_and_confirms()
    {
        var trust = await TrustAsync(version: 1);
        Assert.True(trust.Retained);

        var key = KeyRequest.MakeKeyAndRequest(gateway.Id, "plant1");
        var request = KeyRequest.Read(key, out _)!;
        var correlation = await gateway.AskAsync(Encoding.ASCII.GetBytes(request.Pem));
        var answer = await gateway.AnswerAsync(correlation, Said);
        Assert.True(answer.ContentType == "application/vnd.sluice.bundle", Encoding.UTF8.GetString(answer.Bytes));
        var verdict = Judge(answer.Bytes, request);
        Assert.True(verdict.IsTaken, verdict.Happened);
        Assert.Equal(MosquittoBroker.Host, verdict.Content!.Broker!.Host);

        var before = gateway.All.Count;
        await gateway.AskAsync(Encoding.ASCII.GetBytes(request.Pem), correlation);
        Assert.Equal(answer.Bytes, (await gateway.AnswerAsync(correlation, Said, before)).Bytes);

        gateway.Take(answer.Bytes, key);
        await gateway.ConnectAsync();
        Assert.Equal(0, await gateway.ConfirmAsync(correlation));
        await Eventually.HoldsAsync(() => Register().Issued(gateway.Id)[^1].TryGetProperty("confirmedAt", out var at)
            && at.ValueKind == JsonValueKind.String, Patience, Said);
        Assert.Equal(2, Register().Issued(gateway.Id).Count);
        await ca.JsonAsync("ra", "audit");
    }

    [Fact]
    public async Task What_is_wrong_is_refused_with_a_sentence_and_a_flood_keeps_nobody_else_out()
    {
        var other = KeyRequest.Read(KeyRequest.MakeKeyAndRequest("gw-8", "plant1"), out _)!;
        var refused = await gateway.AnswerAsync(await gateway.AskAsync(Encoding.ASCII.GetBytes(other.Pem)), Said);
        Assert.Equal("application/json", refused.ContentType);
        Assert.Contains("names gateway 'gw-8', and came from 'gw-7'", refused.Refused);

        // The broker's access list keeps it from another one's topic. 0x87: not authorised.
        Assert.Equal(0x87, await gateway.PublishAsync(
            "sluice/v1/plant1/gw-8/cert/csr", [1], "application/pkcs10", "00"));

        for (var at = 0; at < 3000; at++)
        {
            await gateway.PublishAsync("sluice/v1/plant1/gw-7/cert/csr", RandomNumberGenerator.GetBytes(at % 900),
                "application/pkcs10", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                at % 2 == 0 ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce);
        }

        await using var second = await new ScriptedGateway(directory, broker, "gw-8").EnrolAsync(ca);
        await second.ConnectAsync();
        var answer = await second.AnswerAsync(await second.AskAsync(Encoding.ASCII.GetBytes(other.Pem)), Said);
        Assert.Equal("application/vnd.sluice.bundle", answer.ContentType);
        Assert.Single(Register().Issued("gw-7"));
        Assert.InRange(gateway.All.Count(each => each.Topic.EndsWith("/cert/reply", StringComparison.Ordinal)), 1, 60);
        var memory = (await File.ReadAllLinesAsync($"/proc/{authority.Id}/status"))
            .Single(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
        Assert.InRange(int.Parse(memory.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]), 1, 200_000);
        await ca.JsonAsync("ra", "audit");
    }

    [Fact]
    public async Task A_gateway_that_this_CA_does_not_know_waits_for_a_person_who_compares_the_letters()
    {
        // A certificate that the CA made and forgot: its folder came back from an old copy.
        var copy = new PlantCa(directory, "copy");
        File.Copy(ca.PassphraseFile, copy.PassphraseFile);
        CopyFolder(ca.Folder, copy.Folder);
        await using var unknown = await new ScriptedGateway(directory, broker, "gw-9").EnrolAsync(copy);
        await unknown.ConnectAsync();
        var request = KeyRequest.Read(KeyRequest.MakeKeyAndRequest("gw-9", "plant1"), out _)!;

        var correlation = await unknown.AskAsync(Encoding.ASCII.GetBytes(request.Pem));
        Assert.Contains("held until a person", (await unknown.AnswerAsync(correlation, Said)).Refused);
        var waiting = (await ca.JsonAsync("ra", "pending")).GetProperty("certificates").EnumerateArray().Single();
        Assert.Equal(request.KeyFingerprint, waiting.GetProperty("keyFingerprint").GetString());

        var before = unknown.All.Count;
        await using var terminal = await Terminal.StartAsync(
            directory, PlantCa.Binary, "ra", "approve", "gw-9", "--ca", ca.Folder);
        await terminal.SaysAsync(request.KeyFingerprint, Patience);
        await terminal.TypeAsync("yes");
        await terminal.ExitAsync(Patience);
        Assert.True(terminal.ExitCode == 0, terminal.Text);
        var answer = await unknown.AnswerAsync(correlation, Said, before);
        Assert.Equal("application/vnd.sluice.bundle", answer.ContentType);
        Assert.Single(Register().Issued("gw-9"));
    }

    [Fact]
    public async Task Killed_at_any_moment_it_signs_once_for_a_key_and_answers_when_it_is_back()
    {
        for (var at = 0; at < 4; at++)
        {
            var request = KeyRequest.Read(KeyRequest.MakeKeyAndRequest(gateway.Id, "plant1"), out _)!;
            var csr = Encoding.ASCII.GetBytes(request.Pem);
            if (at == 0)
            {
                await authority.KillAsync();
            }

            var correlation = await gateway.AskAsync(csr);
            if (at > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(150 * at));
                await authority.KillAsync();
            }

            await BeginAsync();
            var answer = await gateway.AnswerAsync(correlation, Said);
            Assert.True(answer.ContentType == "application/vnd.sluice.bundle", Encoding.UTF8.GetString(answer.Bytes));
            Assert.Equal(2 + at, Register().Issued(gateway.Id).Count);
            Assert.Equal(request.KeyFingerprint,
                Register().Issued(gateway.Id)[^1].GetProperty("keyFingerprint").GetString());
        }

        await ca.JsonAsync("ra", "audit");
    }

    [Fact]
    public async Task A_new_list_goes_out_by_itself_and_waits_at_the_broker_while_the_authority_is_down()
    {
        await TrustAsync(version: 1);
        await ca.JsonAsync("crl", "--passphrase-file", ca.PassphraseFile);
        await TrustAsync(version: 2);

        Assert.Equal(0, await authority.TerminateAsync(Patience));
        await gateway.DisconnectAsync();
        await using var late = await new ScriptedGateway(directory, broker, "gw-8").EnrolAsync(ca);
        await late.ConnectAsync();
        await Eventually.HoldsAsync(() => late.All.Count > 0, Patience, Said);
        Assert.Equal(2, JudgeTrust(late.All[0].Bytes).Content!.Version);

        // The broker forgets everything; the authority says it again.
        await late.DisconnectAsync();
        await broker.StopAsync();
        broker.ForgetState();
        await BeginAsync("No session with the broker");
        await broker.StartAsync();
        await authority.SaysAsync("At work", Patience);
        await gateway.ConnectAsync();
        await TrustAsync(version: 2);
    }

    private async Task BeginAsync(string words = "At work")
    {
        if (authority is not null)
        {
            await authority.DisposeAsync();
        }

        authority = ChildProcess.Start(PlantCa.Binary,
        [
            "ra", "--ca", ca.Folder, "--client", directory.At("ra", "ra.pem"), "--passphrase-file", ca.PassphraseFile,
        ]);
        await authority.SaysAsync(words, Patience);
    }

    private async Task<Heard> TrustAsync(int version)
    {
        Heard? found = null;
        await Eventually.HoldsAsync(
            () => (found = gateway.All.LastOrDefault(each => each.Topic == "sluice/v1/plant1/trust"
                && JudgeTrust(each.Bytes).Content?.Version == version)) is not null, Patience, Said);
        return found!;
    }

    private TrustVerdict JudgeTrust(byte[] bytes) => TrustJudge.Judge(bytes, new TrustExpectation
    {
        Site = "plant1",
        Pinned = Pinned(),
        VersionMax = 0,
        Time = Now(),
        Own = [.. gateway.Bundle.Chain.Select(der => X509CertificateLoader.LoadCertificate(der.Span))],
    });

    private BundleVerdict Judge(byte[] bytes, KeyRequest request) => BundleJudge.Judge(bytes, new BundleExpectation
    {
        GatewayId = gateway.Id,
        Site = "plant1",
        VersionMax = gateway.Bundle.Version,
        Pinned = Pinned(),
        HasKeyOf = certificate => Fingerprint.OfKey(certificate) == request.KeyFingerprint,
        Time = Now(),
    });

    private TrustAnchors Pinned() => new(
        [.. gateway.Bundle.Roots.Select(der => X509CertificateLoader.LoadCertificate(der.Span))], []);

    private static ValidityTime Now() => ValidityTime.Of(
        TimeProvider.System.GetUtcNow(), true, DateTimeOffset.UnixEpoch, null, null);

    private string Said() => $"The authority: {authority.Tail()}\nThe broker: {broker.Process.Tail(30)}";

    private RegisterText Register() => new(Path.Combine(ca.Folder, "register.json"));

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    /// <summary>The CA's register, read as any text: the field test knows no class of the tool.</summary>
    private sealed class RegisterText(string path)
    {
        private readonly JsonElement root = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(path));

        public IReadOnlyList<JsonElement> Issued(string name) =>
            [.. root.GetProperty("issued").EnumerateArray()
                .Where(each => each.GetProperty("name").GetString() == name)];
    }
}
