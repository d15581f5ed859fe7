using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Auditing;

/// <summary>What the audit of the running agent works with.</summary>
internal sealed record AuditSurroundings
{
    /// <summary>The identity directory, to append to.</summary>
    public required IIdentityDisk Disk { get; init; }

    /// <summary>Whether there is a directory to write to; else what is told waits.</summary>
    public required Func<bool> IsThere { get; init; }

    /// <summary><c>set</c>, <c>not set</c> or <c>behind</c>.</summary>
    public required Func<string> ClockWord { get; init; }

    /// <summary>The book of the readings; null while it is not open.</summary>
    public required Func<RecordView?> Record { get; init; }

    /// <summary>Digest of the configuration that runs.</summary>
    public required string Configuration { get; init; }

    public required RunOptions Options { get; init; }
}

/// <summary>
/// Writes down what the running agent does. Started by the host first and stopped last, on a loop of its own: whoever
/// tells it something goes on at once, and a disk that hangs holds nothing else up. The log is that of the verbs; each
/// line is appended under its lock.
/// </summary>
internal sealed class AuditLoop : BackgroundService
{
    public const string StartVerb = "start";
    public const string StopVerb = "stop";
    public const string ConfigurationVerb = "configuration";

    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Between two tries of a line that the disk did not take.</summary>
    public static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(30);

    private const string User = "agent";

    private readonly Lock plans = new();
    private readonly AuditPlan plan = new();
    private readonly AuditSurroundings surroundings;
    private readonly AuditLog log;
    private readonly ClockAudit clockAudit;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly WakeSignal wake;
    private readonly long start;
    private TimeSpan notBefore;
    private bool hasBegun;
    private string fault = "";

    public AuditLoop(AuditSurroundings surroundings, TimeProvider clock, ILogger<AuditLoop> logger)
    {
        this.surroundings = surroundings;
        this.clock = clock;
        this.logger = logger;
        log = new AuditLog(surroundings.Disk);
        clockAudit = new ClockAudit(clock.GetUtcNow().UtcDateTime);
        wake = new WakeSignal(clock);
        start = clock.GetTimestamp();
    }

    private TimeSpan Now => clock.GetElapsedTime(start);

    /// <summary>Something happened; from any thread.</summary>
    public void Tell(AuditNote note)
    {
        lock (plans)
        {
            plan.Tell(new TimedNote(note, clock.GetUtcNow()), Now);
        }

        wake.Set();
    }

    public override void Dispose()
    {
        wake.Dispose();
        base.Dispose();
    }

    /// <summary>
    /// The last line, after all other loops have ended; also where this loop never ran. What the disk does not take now
    /// is lost, and the journal says how much.
    /// </summary>
    public void Close(AuditNote last)
    {
        Tell(last);
        notBefore = TimeSpan.Zero;
        Write(isLast: true);
        lock (plans)
        {
            if (plan.Waiting + plan.Folded is var lost and > 0)
            {
                Log.Lost(logger, lost, fault.Length > 0 ? fault : "there is no identity directory");
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                Step();
                await wake.WaitAsync(LookEvery, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop; the host has the last word.
        }
    }

    /// <summary>One turn of the loop.</summary>
    internal void Step()
    {
        foreach (var note in clockAudit.Observe(surroundings.Record()))
        {
            Tell(note);
        }

        Write(isLast: false);
    }

    private void Write(bool isLast)
    {
        if (Now < notBefore || !surroundings.IsThere())
        {
            return;
        }

        try
        {
            Begin();
            while (Next(isLast) is { } line)
            {
                Append(line);
                lock (plans)
                {
                    plan.Written();
                }
            }

            if (fault.Length > 0)
            {
                fault = "";
                Log.WrittenAgain(logger);
            }
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            notBefore = Now + RetryEvery;
            if (fault.Length == 0)
            {
                Log.NotWritten(logger, world.Message, plan.Waiting);
            }

            fault = world.Message;
        }
    }

    private TimedNote? Next(bool isLast)
    {
        lock (plans)
        {
            return plan.Next(Now, isLast);
        }
    }

    private void Append(TimedNote line) => log.Append(new AuditEntry(
        line.At, surroundings.ClockWord(), User, line.Note.From, line.Note.Verb, line.Note.Result, line.Note.Old,
        line.Note.New, line.Note.Text));

    /// <summary>The start, and before it what is another configuration than at the start before, which its line says.
    /// </summary>
    private void Begin()
    {
        if (hasBegun)
        {
            return;
        }

        var now = clock.GetUtcNow();
        var before = log.NewestOf(StartVerb)?.NewSerial ?? "";
        var (runs, refused) = (surroundings.Configuration, surroundings.Options.RefusedBecause);
        if (refused.Count > 0)
        {
            Append(new TimedNote(new AuditNote(AuditKind.Configuration, ConfigurationVerb, "refused",
                $"The configuration file was refused in {refused.Count} places, and the last good one runs: "
                + refused[0])
            {
                Old = runs, New = surroundings.Options.RefusedHash,
            }, now));
        }

        if (before.Length > 0 && before != runs)
        {
            Append(new TimedNote(new AuditNote(AuditKind.Configuration, ConfigurationVerb, "done",
                "Another configuration than at the start before.") { Old = before, New = runs }, now));
        }

        Append(new TimedNote(new AuditNote(AuditKind.Life, StartVerb, "done",
            $"sluice-agent {AgentVersion.Text} begins.") { New = runs }, now));
        hasBegun = true;
    }
}
