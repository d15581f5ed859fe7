using System.Globalization;
using System.Text.Json;
using Sluice.Agent.Publishing.Encoding;
using Xunit;

namespace Sluice.Fast.Posture;

/// <summary>What the contract promises that a posture tells, item by item.</summary>
public sealed class A_complete_posture
{
    [Theory]
    [InlineData("software versions", "software.agent software.runtime software.system software.kernel")]
    [InlineData("component list hash", "components.hash")]
    [InlineData("config hash", "config")]
    [InlineData("certificate serial and expiry", "certificate.serial certificate.notAfter")]
    [InlineData("CRL age", "revocationLists.0.ageSeconds")]
    [InlineData("trust bundle version", "trust.version")]
    [InlineData("TLS version and cipher", "tls.version tls.cipher")]
    [InlineData("egress layers in force", "egress.landlock egress.seccomp")]
    [InlineData("and self-proved", "egress.proved egress.attempts.0.attempt egress.attempts.0.outcome")]
    [InlineData("and self-proved from outside", "egress.hostRules.proved egress.hostRules.attempts.0.outcome")]
    [InlineData("listeners", "listeners")]
    [InlineData("clock state", "clock.state")]
    [InlineData("disk", "disk.sizeBytes disk.freeBytes disk.bufferBytes disk.bufferBytesMax")]
    [InlineData("flash bytes per day", "disk.writtenBytesPerDay")]
    [InlineData("boot reason", "start.reason start.rebooted")]
    [InlineData("audit chain head", "audit.line audit.hash")]
    public void Tells_everything_that_the_contract_lists(string item, string paths)
    {
        var payload = new PayloadBuffer();
        PostureWorld.Encoder.Encode(payload, PostureWorld.Content with { TrustVersion = 3 }, PostureWorld.Sent, 8);
        using var posture = JsonDocument.Parse(payload.Span.ToArray());
        Assert.All(paths.Split(' '), path => Assert.True(IsThere(posture.RootElement, path), $"{item}: no {path}"));
    }

    private static int Number(string step) => int.Parse(step, CultureInfo.InvariantCulture);

    private static bool IsThere(JsonElement at, string path)
    {
        foreach (var step in path.Split('.'))
        {
            if (at.ValueKind == JsonValueKind.Array && Number(step) < at.GetArrayLength())
            {
                at = at[Number(step)];
            }
            else if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step, out at))
            {
                return false;
            }
        }

        return true;
    }
}
