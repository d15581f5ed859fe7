using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Auditing;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Validity;

/// <summary>An identity that is withdrawn while the agent runs, and then used again, is two lines of the log.
/// </summary>
public sealed class WithdrawnIdentityTests
{
    [Fact]
    public async Task Once_when_a_list_revokes_it_and_once_when_another_one_is_in_use()
    {
        await using var gateway = new EnrolledGateway();
        var own = gateway.UseIdentity();
        var lines = new List<AuditNote>();
        var withdrawn = new List<Withdrawal>();
        using var watch = new IdentityWatch(
            gateway.Configuration, gateway.Context.Validity, withdrawn.Add, gateway.Clock,
            NullLogger<IdentityWatch>.Instance, () => null, lines.Add,
            () => throw new InvalidOperationException("Nothing ends it."));
        watch.Look();
        Assert.Empty(lines);

        gateway.Revoke(own);
        watch.Look();
        watch.Look();
        var refused = Assert.Single(lines);
        Assert.Equal(("identity", "refused", own.Leaf.SerialNumber), (refused.Verb, refused.Result, refused.Old));
        Assert.Contains("revoked", refused.Text, StringComparison.Ordinal);
        Assert.NotEmpty(withdrawn);

        var next = gateway.UseIdentity();
        watch.Look();
        Assert.Equal(2, lines.Count);
        Assert.Equal(("identity", "done"), (lines[1].Verb, lines[1].Result));
        Assert.Equal((own.Leaf.SerialNumber, next.Leaf.SerialNumber), (lines[1].Old, lines[1].New));
    }
}
