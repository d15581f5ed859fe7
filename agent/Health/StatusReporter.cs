using System.Globalization;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Binding;
using Sluice.Agent.Egress.Proof;
using Sluice.Agent.Publishing;
using Sluice.Agent.Renewal;
using Sluice.Agent.Sampling;
using Sluice.Agent.Sizing;
using Sluice.Agent.Standing;
using Sluice.Agent.Trust;

namespace Sluice.Agent.Health;

/// <summary>
/// Puts the status report together from what the loops say of themselves, when somebody asks. Reads snapshots only, so
/// asking costs the loops nothing.
/// </summary>
internal sealed class StatusReporter(
    GatewayConfiguration configuration,
    RunOptions options,
    BufferLoop buffer,
    Publisher publisher,
    IReadOnlyList<Sampler> samplers,
    IdentityWatch identity,
    TimeProvider clock,
    Func<RenewalView>? renewal = null,
    Func<TrustView>? trust = null,
    Func<ProofView?>? proof = null,
    HostProofWatch? hostRules = null)
{
    private readonly long started = clock.GetTimestamp();

    public StatusReport Report()
    {
        var view = buffer.View;
        var uplink = publisher.Health;
        var sources = samplers.Select(sampler => sampler.Health).ToArray();
        return new StatusReport
        {
            Gateway = configuration.Gateway.Id,
            Version = AgentVersion.Text,
            Now = clock.GetUtcNow().UtcDateTime,
            UptimeSeconds = clock.GetElapsedTime(started).TotalSeconds,
            Configuration = new ConfigurationStatus(
                configuration.Hash,
                options.RefusedBecause.Count > 0 ? "last-good"
                    : configuration.Brought.Version is { } version ? $"bundle {version}" : "file",
                options.RefusedBecause),
            Uplink = new UplinkStatus(
                uplink.State,
                uplink.Sentence,
                uplink.Since.UtcDateTime,
                uplink.InFlight,
                uplink.DeliveredReadings)
            {
                AcknowledgedBytes = uplink.DeliveredBytes,
                AsksGranted = uplink.AsksGranted,
                AsksRefused = uplink.AsksRefused,
                TakenOver = uplink.TakenOver,
                ClosedWordless = uplink.ClosedWordless,
                Contested = uplink.IsContested,
                Address = uplink.Address,
                Card = uplink.Card,
                Lanes = Lanes(uplink, view),
                Answers = uplink is { AnswerMedian: { } median, AnswerLongest: { } longest }
                    ? new AnswerStatus(median.TotalSeconds, longest.TotalSeconds)
                    : null,
            },
            Buffer = Describe(view) with
            {
                Flash = Flash(view),
                SizeBytesMax = configuration.Buffer.SizeBytesMax,
                CommitEverySeconds = configuration.Buffer.CommitEvery.TotalSeconds,
            },
            Sources = Sources(sources),
            Clock = view.Record is { } record ? Describe(record) : null,
            Identity = Describe(identity.Standing),
            Jail = JailText.Describe(options.Jail, proof?.Invoke(), hostRules?.View),
            Renewal = renewal is { } ask ? RenewalText.Describe(ask()) : null,
            Trust = trust?.Invoke() is { } seen
                ? new TrustStatus(seen.Version, seen.Taken, seen.Refused, seen.Sentence) : null,
            Attention = [.. Attention(view, uplink, sources)],
        };
    }

    /// <summary>The part of it that the status light shows.</summary>
    public LightSnapshot Glance() => new(buffer.View, publisher.Health, options.RefusedBecause.Count > 0);

    /// <summary>Most urgent first: what loses readings, what holds them back, what spoils them, what will.</summary>
    private IEnumerable<string> Attention(BufferView view, UplinkHealth uplink, IEnumerable<SamplerHealth> sources)
    {
        if (view.Fault is { } fault)
        {
            yield return fault.Sentence;
        }

        foreach (var sentence in OfTheStart())
        {
            yield return sentence;
        }

        foreach (var sentence in Uplink(uplink))
        {
            yield return sentence;
        }

        if (view.Record is { Clock.IsSet: false })
        {
            yield return "The clock is not set: readings are Uncertain/ClockNotSet until a time server was reached. "
                + "Look at the host's time service (timedatectl) and at the way to the servers of time.servers.";
        }

        foreach (var sentence in AttentionOfTrust())
        {
            yield return sentence;
        }

        foreach (var source in sources.Where(source => source.Source.Sentence.Length > 0))
        {
            yield return $"Source {source.Name}: {source.Source.Sentence}";
        }

        foreach (var store in view.Stores.Where(store => store.DroppedCount > 0))
        {
            yield return $"Store {store.Store} dropped {store.DroppedCount} readings; the ledger names them.";
        }

        // Of the identity as it is now; what the last connection said of it may be older.
        var standing = identity.Standing;
        if (standing.Withdrawn is { } withdrawal && !uplink.Sentence.Contains(
            withdrawal.Sentence, StringComparison.Ordinal))
        {
            yield return withdrawal.Sentence;
        }

        foreach (var warning in standing.Warnings)
        {
            yield return warning;
        }

        foreach (var warning in uplink.Warnings.Where(each =>
            !standing.Warnings.Any(told => each.EndsWith(told, StringComparison.Ordinal))))
        {
            yield return warning;
        }
    }

    private static IEnumerable<string> Uplink(UplinkHealth uplink)
    {
        if (uplink.IsContested)
        {
            yield return UplinkHealth.Words(uplink.Contest);
        }

        if (uplink.Sentence.Length > 0)
        {
            yield return $"Uplink: {uplink.Sentence}";
        }
    }

    private IEnumerable<string> AttentionOfTrust()
    {
        if (renewal is { } ask && RenewalText.Attention(ask(), clock.GetUtcNow()) is { } certificate)
        {
            yield return certificate;
        }

        if (trust?.Invoke() is { Sentence: { Length: > 0 } why })
        {
            yield return $"A trust bundle was not taken in: {why}. What was believed before is believed on.";
        }
    }

    /// <summary>What this run stands on: its jail and its configuration.</summary>
    private IEnumerable<string> OfTheStart()
    {
        if (proof?.Invoke() is { IsAlarm: true } alarm)
        {
            yield return JailText.Alarm(alarm);
        }

        if (hostRules?.Attention is { } rules)
        {
            yield return rules;
        }

        if (options.RefusedBecause.Count > 0)
        {
            yield return $"The new configuration is refused ({options.RefusedBecause.Count} problems); the last good "
                + "one runs. See: sluice-agent check";
        }
    }

    private static IdentityStatus Describe(IdentityStanding standing) => new(
        standing.Withdrawn is { } ? "withdrawn" : standing.Version is null ? "none" : "in use",
        standing.Version ?? "", standing.Serial, standing.NotAfter?.UtcDateTime,
        [.. standing.RevocationLists.Select(list => new RevocationListStatus(
            list.Issuer, list.ThisUpdate.UtcDateTime,
            list.NextUpdate < DateTimeOffset.MaxValue ? list.NextUpdate.UtcDateTime : null))]);

    private static ClockStatus Describe(RecordView record) =>
        new(
            record.Clock.IsSet ? "set" : "not set",
            record.Clock.Boot.ToString("N"),
            record.StepsTotal,
            record.Gaps.Count == 0 ? "" : string.Create(
                CultureInfo.InvariantCulture,
                $"{record.Gaps[^1].From:u} to {record.Gaps[^1].To:u}, {HowItEnded(record.Gaps[^1].Reason)}"));

    private static string HowItEnded(GapReason reason) => reason switch
    {
        GapReason.Stopped => "stopped",
        GapReason.Volatile => "in memory only",
        _ => "not closed",
    };

    private FlashStatus Flash(BufferView view)
    {
        var endurance = configuration.Buffer.FlashEnduranceBytes;
        var wear = FlashWear.Measured(view.BytesWritten, clock.GetElapsedTime(started), endurance);
        return new FlashStatus(
            view.BytesWritten, view.Syncs, wear.BytesPerDay, endurance, wear.LifeYears,
            view.Stores.Sum(store => store.SealedReadings), view.Stores.Sum(store => store.SealedBytes));
    }

    private static BufferStatus Describe(BufferView view) =>
        new(
            view.Storage,
            view.Fault?.Sentence ?? "",
            view.Waiting,
            [.. view.Stores.Select(store => new StoreStatus(
                store.Store.ToString(),
                store.IsVolatile,
                store.First,
                store.Next,
                store.Waiting,
                store.DroppedCount,
                store.SizeBytes))]);

    /// <summary>Without a connection nothing is live: what waits goes as history.</summary>
    private static LanesStatus Lanes(UplinkHealth uplink, BufferView view) => uplink.State is "connected" or "holding"
        ? new(uplink.FreshReadings, uplink.BacklogReadings, uplink.DeliveredHistorical, uplink.SetAsideReadings)
        : new(0, view.Waiting, uplink.DeliveredHistorical, 0);

    private List<SourceStatus> Sources(SamplerHealth[] healths)
    {
        var room = SignalViews.ListedMax;
        var described = new List<SourceStatus>();
        foreach (var (index, health) in healths.Index())
        {
            // What a short list leaves, the sources behind it share.
            var share = room / (healths.Length - index);
            var settings = configuration.Sources.FirstOrDefault(each => each.Name == health.Name);
            var status = SignalViews.Into(Describe(health), settings, samplers[index].Latest, share);
            described.Add(status);
            room -= status.Signals.Count;
        }

        return described;
    }

    private SourceStatus Describe(SamplerHealth source) =>
        new(
            source.Name,
            source.Source.State,
            source.Source.Sentence,
            source.Good,
            source.Uncertain,
            source.Bad,
            source.WorstReason,
            source.LastTook.TotalSeconds,
            source.Skipped,
            source.Reported,
            source.Source.Counters.ToDictionary())
        {
            Device = configuration.Sources.FirstOrDefault(each => each.Name == source.Name) is { } settings
                ? DeviceName.Of(settings)
                : "",
        };
}
