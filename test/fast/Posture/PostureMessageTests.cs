using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;
using Sluice.Fast.Publishing;
using Sluice.Fast.Repository;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Posture;

/// <summary>What a posture says, byte for byte, and what it leaves out.</summary>
public sealed class PostureMessageTests
{
    private readonly PayloadBuffer payload = new();

    [Fact]
    public void The_posture_example_is_what_the_encoder_writes()
    {
        PostureWorld.Encoder.Encode(payload, PostureWorld.Content, PostureWorld.Sent, 8);
        WireTests.AssertIsExample("`<base>/posture`", 0, payload);
    }

    [Fact]
    public void What_nobody_knows_is_left_out_and_the_receiver_takes_it()
    {
        PostureWorld.Encoder.Encode(
            payload,
            PostureWorld.Content with
            {
                Session = null, Record = null, Host = new HostSighting(null, null), WrittenBytesPerDay = null,
            },
            PostureWorld.Sent, 8);
        var text = Encoding.UTF8.GetString(payload.Span);
        Assert.All(
            (string[])["certificate", "revocationLists", "tls", "listeners", "egress", "clock", "start", "audit",
                "sizeBytes", "written"],
            key => Assert.DoesNotContain($"\"{key}", text));
        Assert.Empty(Violations());
    }

    [Theory]
    [InlineData(null, false, "\"start\":{\"reason\":\"First\"}")]
    [InlineData("Stopped", true, "\"start\":{\"reason\":\"Stopped\",\"rebooted\":false}")]
    [InlineData("Stopped", false, "\"start\":{\"reason\":\"Stopped\",\"rebooted\":true}")]
    [InlineData("NotClosed", true, "\"start\":{\"reason\":\"NotClosed\",\"rebooted\":false}")]
    public void Why_it_runs_is_told_in_the_ledgers_words(string? before, bool sameBoot, string told)
    {
        var reason = before is null ? (Agent.Buffering.GapReason?)null : Enum.Parse<Agent.Buffering.GapReason>(before);
        var start = new Agent.Buffering.AgentStart(reason, sameBoot ? PostureWorld.Boot : Guid.NewGuid());
        var content = PostureWorld.Content with { Record = PostureWorld.Content.Record! with { Start = start } };
        PostureWorld.Encoder.Encode(payload, content, PostureWorld.Sent, 8);
        Assert.Contains(told, Encoding.UTF8.GetString(payload.Span));
        Assert.Empty(Violations());
    }

    [Theory]
    [InlineData("00C3A1", "C3A1")]
    [InlineData("0A01", "0A01")]
    [InlineData("0000", "00")]
    [InlineData("01", "01")]
    public void A_serial_is_written_as_openssl_prints_it(string dotnet, string openssl) =>
        Assert.Equal(openssl, PostureEncoder.Serial(dotnet));

    /// <summary>A clock that is not set yet, and a list that does not say when the next one comes.</summary>
    [Fact]
    public void A_list_from_the_future_has_no_age_and_one_without_an_end_has_none()
    {
        var session = PostureWorld.Content.Session! with
        {
            RevocationLists =
            [
                new RevocationFacts("CN=a", PostureWorld.Sent.AddHours(1), DateTimeOffset.MaxValue),
            ],
        };
        PostureWorld.Encoder.Encode(
            payload, PostureWorld.Content with { Session = session }, PostureWorld.Sent, 8);
        var text = Encoding.UTF8.GetString(payload.Span);
        Assert.DoesNotContain("ageSeconds", text);
        Assert.DoesNotContain("nextUpdate", text);
        Assert.Empty(Violations());
    }

    [Fact]
    public void With_the_longest_of_everything_it_fits_the_smallest_packet_that_a_broker_may_demand()
    {
        var name = new string('x', 32);
        var encoder = new PostureEncoder(
            new Speaker(name, name, Guid.NewGuid(), "0.1.0", new string('0', 64)),
            new SoftwareFacts(name + name, name + name, name + name, name + name, name + name),
            ComponentList.OfThisBuild);
        var early = DateTimeOffset.UnixEpoch;
        var lists = Enumerable.Range(0, 40).Select(_ => new RevocationFacts(new string('y', 5000), early, early));
        var content = PostureWorld.Content with
        {
            Session = PostureWorld.Content.Session! with
            {
                CertificateSerial = new string('F', 40), RevocationLists = [.. lists],
            },
            Host = new HostSighting(int.MaxValue, new DiskSpace(long.MaxValue, long.MaxValue))
            {
                Audit = new AuditHead(long.MaxValue, new string('0', 64)),
                Egress = new EgressFacts(
                    new JailStanding(int.MaxValue, false, ""),
                    new ProofView(PostureWorld.Sent, 1,
                    [
                        .. Enum.GetValues<EscapeAttempt>()
                            .Select(attempt => new ProvedAttempt(attempt, WallVerdict.Held, "landlock")),
                    ])),
            },
            BufferBytes = long.MaxValue, BufferBytesMax = long.MaxValue, WrittenBytesPerDay = double.MaxValue,
        };
        const int PacketBytesMin = 2048;
        var overhead = PublishWork.PacketOverhead($"sluice/v1/{name}/{name}/posture");
        encoder.Encode(payload, content, PostureWorld.Sent, 8);
        Assert.True(payload.Length > PacketBytesMin);
        var desk = new PostureDesk(PostureWorld.Configuration, encoder);
        desk.Write(payload, content, PacketBytesMin - overhead, PostureWorld.Sent);
        Assert.InRange(payload.Length + overhead, 1, PacketBytesMin);
    }

    [Fact]
    public void The_component_list_names_what_the_lock_file_resolved_and_its_hash_is_that_of_its_lines()
    {
        var list = ComponentList.OfThisBuild;
        Assert.Contains($"sluice-agent {Agent.AgentVersion.Text}", list.Lines);
        using var locked = System.Text.Json.JsonDocument.Parse(
            RepositoryTree.Here.Files.Single(file => file.Path == "agent/packages.lock.json").Text);
        var resolved = locked.RootElement.GetProperty("dependencies").GetProperty("net10.0").EnumerateObject()
            .Where(package => package.Value.TryGetProperty("resolved", out _))
            .Select(package => $"{package.Name} {package.Value.GetProperty("resolved").GetString()}").ToList();
        Assert.All(
            (string[])["LiteDB", "MQTTnet", "System.CommandLine", "System.IO.Hashing", "System.Device.Gpio"],
            name => Assert.Contains(list.Lines, line => line.StartsWith(name + " ", StringComparison.Ordinal)));
        Assert.All(
            list.Lines.Where(line => !line.StartsWith("sluice-agent ") && !line.StartsWith("Microsoft.NETCore.App ")),
            line => Assert.Contains(line, resolved));
        Assert.Equal(list.Lines.Order(StringComparer.Ordinal), list.Lines);
        var lines = Encoding.UTF8.GetBytes(string.Join('\n', list.Lines) + "\n");
        Assert.Equal(Convert.ToHexString(SHA256.HashData(lines)).ToLowerInvariant(), list.Hash);
    }

    [Fact]
    public void The_hash_is_another_one_when_a_version_is() => Assert.NotEqual(
        new ComponentList(["a 1", "b 1"]).Hash, new ComponentList(["a 1", "b 2"]).Hash);

    private List<string> Violations()
    {
        var receiver = new StreamLedger("plant1");
        receiver.Receive(
            new MesMessage("sluice/v1/plant1/gw-042/posture", new ReadOnlySequence<byte>(payload.Span.ToArray()))
            {
                Retained = true, ContentType = "application/json", Contract = "1",
            },
            DateTimeOffset.UnixEpoch);
        Assert.NotNull(receiver.Gateway("gw-042").Posture);
        return [.. receiver.Violations.Select(one => one.Sentence)];
    }
}
