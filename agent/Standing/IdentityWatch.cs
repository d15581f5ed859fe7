using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Auditing;
using Sluice.Agent.Binding;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Brought;
using Sluice.Agent.Time;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Standing;

/// <summary>
/// Looks whether the identity in use may still be used, while the agent runs: a bundle, a trust message or
/// <c>identity crl</c> may have brought a list on which its own certificate stands. Started by the host after the
/// publisher, on a loop of its own; the same for the certificate of the broker that it is connected to. It reads files
/// only, and tells the publisher to end its session.
/// </summary>
public sealed class IdentityWatch : BackgroundService
{
    /// <summary>Whether a file was changed is cheap to ask.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Time alone makes a list old.</summary>
    public static readonly TimeSpan ReadEvery = TimeSpan.FromMinutes(10);

    private static readonly string[] Files =
    [
        IdentityDirectory.ChainFile, IdentityDirectory.RootsFile, IdentityDirectory.RevocationFile,
        IdentityStore.ConfigurationFile,
    ];

    private readonly GatewayConfiguration configuration;
    private readonly ValidityClock validity;
    private readonly Action<Withdrawal> withdraw;
    private readonly TimeProvider clock;
    private readonly ILogger<IdentityWatch> log;
    private readonly Func<string?> refuses;
    private readonly Action<AuditNote> audit;
    private readonly Action ends;
    private volatile IdentityStanding standing = new();
    private IReadOnlyList<ReadOnlyMemory<byte>> brokerSeen = [];
    private string stamp = "";

    /// <summary>Of the newest look that found one that can be used: a revoked one is not even loaded.</summary>
    private string lastUsed = "";
    private long readAt;

    /// <param name="configuration">Where the identity is.</param>
    /// <param name="validity">By what dates are judged.</param>
    /// <param name="withdraw">The publisher's ear.</param>
    /// <param name="clock">When to look again.</param>
    /// <param name="log">The journal.</param>
    /// <param name="refuses">Why the identity may not be used on this machine; null: nobody asks.</param>
    /// <param name="audit">The audit log's ear.</param>
    /// <param name="ends">
    /// Called where this gateway is being wiped, and where another configuration came with a bundle: the agent stops.
    /// </param>
    internal IdentityWatch(
        GatewayConfiguration configuration, ValidityClock validity, Action<Withdrawal> withdraw, TimeProvider clock,
        ILogger<IdentityWatch> log, Func<string?> refuses, Action<AuditNote> audit,
        Action ends)
    {
        (this.refuses, this.audit, this.ends) = (refuses, audit, ends);
        this.configuration = configuration;
        this.validity = validity;
        this.withdraw = withdraw;
        this.clock = clock;
        this.log = log;
    }

    /// <summary>The chain that the broker of the open session showed, DER; empty where there is none.</summary>
    internal Func<IReadOnlyList<ReadOnlyMemory<byte>>> Broker { get; init; } = () => [];

    /// <summary>Hears what each look has found.</summary>
    internal Action<IdentityStanding> Tells { get; init; } = _ => { };

    /// <summary>As of the last look; from any thread.</summary>
    public IdentityStanding Standing => standing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                Look();
                await Task.Delay(LookEvery, clock, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    internal void Look()
    {
        if (File.Exists(Path.Combine(configuration.Identity.Directory, IdentityStore.WipingFile)))
        {
            ends();
            return;
        }

        // A session that is new may have been judged by lists that were replaced while it began.
        var broker = Broker();
        var now = Stamp();
        if (now == stamp && ReferenceEquals(broker, brokerSeen) && clock.GetElapsedTime(readAt) < ReadEvery)
        {
            return;
        }

        (stamp, readAt, brokerSeen) = (now, clock.GetTimestamp(), broker);
        if (ConfigurationInForce.StampOf(configuration.Identity.Directory) != configuration.Brought.Stamp)
        {
            Log.Reconfigured(log);
            ends();
            return;
        }

        var loaded = IdentityDirectory.Look(
            configuration.Identity.Directory, IdentityDirectory.Current, configuration.Gateway.Id, validity.Now(),
            configuration.Identity.Revocation);
        using var identity = loaded.Identity;
        var seen = IdentityStanding.Of(loaded, refuses());
        var before = standing;
        standing = seen;
        Tells(seen);
        if (loaded.Identity is { } own && RevokedBroker.Of(broker, own.Trust, own.Judging(validity.Now())) is { } gone)
        {
            Log.BrokerRevoked(log, gone.Sentence);
            withdraw(gone);
        }

        Follow(before, seen);
    }

    private void Follow(IdentityStanding before, IdentityStanding seen)
    {
        if (seen.Withdrawn is { } withdrawal)
        {
            if (before.Withdrawn != withdrawal)
            {
                Log.Withdrawn(log, withdrawal.Sentence);
                audit(new AuditNote(AuditKind.Standing, "identity", "refused", withdrawal.Sentence)
                {
                    Old = lastUsed,
                });
            }

            withdraw(withdrawal);
        }
        else if (before.Withdrawn is not null)
        {
            Log.Restored(log);
            audit(new AuditNote(AuditKind.Standing, "identity", "done", "It may be used again.")
            {
                Old = lastUsed, New = seen.Serial,
            });
        }

        lastUsed = seen.Serial.Length > 0 ? seen.Serial : lastUsed;
    }

    /// <summary>Where <c>current</c> leads, and when its files, and what binds them, were changed.</summary>
    private string Stamp()
    {
        var current = Path.Combine(configuration.Identity.Directory, IdentityDirectory.Current);
        try
        {
            var target = new FileInfo(current).LinkTarget;
            return string.Join('\n', Files.Select(file => new FileInfo(Path.Combine(current, file)))
                .Append(new FileInfo(Path.Combine(configuration.Identity.Directory, BindingRecord.FileName)))
                .Select(file => file.Exists ? $"{file.LastWriteTimeUtc.Ticks} {file.Length}" : "none")
                .Prepend(target ?? ""));
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return world.Message;
        }
    }
}
