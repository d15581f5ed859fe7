using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment.Sticks;

/// <summary>What a stick's jobs need beside the identity, so that a test can hand in its own.</summary>
/// <param name="Verify">Tries what is staged with the broker.</param>
/// <param name="Diagnose">What goes to whoever looks for a fault.</param>
/// <param name="ConfirmsRoot">Whether the first root is the plant's, where nobody can be asked.</param>
/// <param name="Renew">Asks the running agent for a renewal.</param>
/// <param name="Wipe">Wipes this gateway, and hands the receipt out.</param>
/// <param name="Open">Opens the console by the plant's token.</param>
internal sealed record StickHelp(
    Func<CancellationToken, Task<VerbReport>> Verify, Func<CancellationToken, Task<string>> Diagnose,
    Func<X509Certificate2, bool> ConfirmsRoot, Func<CancellationToken, Task<VerbReport>> Renew,
    Func<Func<byte[], string?>, CancellationToken, Task<VerbReport>> Wipe,
    Func<byte[], VerbReport> Open);

/// <summary>
/// Does what a stick asks of this gateway, in a fixed order. Called once by the verb.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Nothing is done before a report could be written: a full or read-only stick changes nothing.</item>
/// <item>One wrong line among the orders, and none is done, nor is anything else.</item>
/// <item>Orders are renamed, durably, before the first is done: no rollback happens twice because the same stick was
/// plugged in twice.</item>
/// <item>A bundle is put into use only after the broker accepted it.</item>
/// <item>A wipe that was begun is brought to its end by the next stick, and nothing else is done then.</item>
/// </list>
/// </summary>
internal sealed class StickWork(EnrolmentContext context, IStick stick, StickHelp help)
{
    private const string Verb = "stick";
    private const long FreeBytesMin = 1 << 20;
    private const int NamesMax = 1000;
    private const int OthersShownMax = 20;

    private readonly Enrol enrol = new(context);
    private readonly Adopt adopt = new(context);
    private readonly List<string> asked = [];
    private readonly List<StickResult> done = [];

    private string Gateway => context.GatewayId;

    private string ReportName => Gateway + StickLayout.ReportEnding;

    private string BundleName => Gateway + StickLayout.BundleEnding;

    private string JobsName => Gateway + StickLayout.JobsEnding;

    private string ConsoleName => Gateway + StickLayout.ConsoleEnding;

    public async Task<VerbReport> RunAsync(CancellationToken cancellationToken)
    {
        var free = stick.FreeBytes;
        var problem = free < FreeBytesMin ? $"The stick is full: {free >> 10} KiB are free"
            : stick.Write(ReportName, StickReport.Begun(Gateway, context.Site, context.Time()));
        if (problem is not null)
        {
            context.Log(Verb, "refused", $"{problem}.");
            return VerbReport.Failed(Verb, ExitCode.Storage, $"{problem}.",
                "Nothing was done: what came of it could not have been told.",
                $"free {FreeBytesMin >> 10} KiB on the stick, let it be written to, and plug it in again.");
        }

        var (tasks, problems) = Plan();
        if (problems.Count > 0)
        {
            done.Add(new StickResult("the stick", Wrong(problems)));
        }
        else if (TakeOrders(tasks) is { } kept)
        {
            done.Add(new StickResult("the stick", VerbReport.Failed(Verb, ExitCode.Storage, $"{kept}.",
                "Nothing was done: the same orders would be done again the next time.",
                "let the stick be written to, and plug it in again.")));
        }
        else
        {
            foreach (var task in tasks)
            {
                await DoAsync(task, cancellationToken).ConfigureAwait(false);
            }

            await OfferRequestAsync(tasks, cancellationToken).ConfigureAwait(false);
        }

        return Finish();
    }

    /// <summary>Everything that is asked, or everything that is wrong with it.</summary>
    private (IReadOnlyList<StickTask> Tasks, IReadOnlyList<string> Problems) Plan()
    {
        var problems = new List<string>();
        var tasks = new List<StickTask>();
        if (context.Store.ReadWiping() is not null)
        {
            asked.Add($"{WordOf(StickJob.Wipe)}: it was begun before, and is not at its end");
            return ([new StickTask(StickJob.Wipe, "begun before")], []);
        }

        var orders = stick.Read(JobsName, StickOrders.BytesMax);
        if (orders.Bytes is { } text)
        {
            var (ordered, wrong) = StickOrders.Read(Gateway, JobsName, text);
            problems.AddRange(wrong);
            tasks.AddRange(ordered);
        }

        var bundle = stick.Read(BundleName, BundleEnvelope.BytesMax);
        problems.AddRange(new[] { orders.Problem, bundle.Problem }.OfType<string>());
        asked.AddRange(tasks.Select(task => $"{WordOf(task.Job)}: {task.AskedBy}"));

        // Whoever orders the old one back, or an end of it all, does not want the new one, which may lie there still.
        var goesBack = tasks.Find(task => task.Job is StickJob.Rollback or StickJob.Wipe);
        if (bundle.Bytes is not null)
        {
            asked.Add(goesBack is not null
                ? $"{BundleName} was left alone, because a {WordOf(goesBack.Job)} is ordered"
                : $"{WordOf(StickJob.Bundle)}: {BundleName}");
        }

        if (bundle.Bytes is not null && goesBack is null)
        {
            tasks.Insert(0, new StickTask(StickJob.Bundle, BundleName));
        }

        // After everything else: whoever sits down at the console finds the gateway as the stick wanted it.
        if (goesBack?.Job != StickJob.Wipe && stick.Read(ConsoleName, EnvelopeKind.Console.BytesMax).Bytes is not null)
        {
            tasks.Add(new StickTask(StickJob.Console, ConsoleName));
            asked.Add($"{WordOf(StickJob.Console)}: {ConsoleName}");
        }

        return (tasks, problems);
    }

    private string? TakeOrders(IReadOnlyList<StickTask> tasks)
    {
        context.Log(Verb, "begun", tasks.Count == 0 ? "Nothing is asked of this gateway."
            : $"Asked: {string.Join(", ", tasks.Select(task => WordOf(task.Job)))}.");
        return tasks.Any(task => task.AskedBy.StartsWith(JobsName, StringComparison.Ordinal))
            ? stick.Rename(JobsName, Gateway + StickLayout.JobsTakenEnding)
            : null;
    }

    private async Task DoAsync(StickTask task, CancellationToken cancellationToken)
    {
        try
        {
            switch (task.Job)
            {
                case StickJob.Bundle:
                    await TakeBundleAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case StickJob.Rollback:
                    Keep(task.Job, adopt.Rollback());
                    break;
                case StickJob.Request:
                    Request();
                    break;
                case StickJob.Diagnostics:
                    Keep(task.Job, Written(Gateway + StickLayout.DiagnosticsEnding, Encoding.UTF8.GetBytes(
                        await help.Diagnose(cancellationToken).ConfigureAwait(false))));
                    break;
                case StickJob.Renew:
                    Keep(task.Job, await help.Renew(cancellationToken).ConfigureAwait(false));
                    break;
                case StickJob.Wipe:
                    Keep(task.Job, await help.Wipe(
                        receipt => stick.Write(Gateway + StickLayout.ReceiptEnding, receipt), cancellationToken)
                        .ConfigureAwait(false));
                    break;
                case StickJob.Console:
                    OpenConsole();
                    break;
                default:
                    throw new InvalidOperationException($"{task.Job} is no job.");
            }
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            Keep(task.Job, VerbReport.Failed(WordOf(task.Job), ExitCode.Storage,
                $"The gateway's own disk failed: {world.Message}",
                "The old identity or the new one is in use, whole; below stands which one.",
                "see to the gateway's disk (is it full, did it turn read-only?), and plug the stick in again."));
        }
    }

    private async Task TakeBundleAsync(CancellationToken cancellationToken)
    {
        var file = stick.Read(BundleName, BundleEnvelope.BytesMax);
        if (file.Bytes is not { } bytes)
        {
            Keep(StickJob.Bundle, VerbReport.Failed(Verb, ExitCode.Storage,
                $"{file.Problem ?? BundleName + " is gone"}.", "Nothing was changed.",
                "leave the stick in until its report is finished."));
            return;
        }

        var imported = enrol.Take(BundleName, bytes, help.ConfirmsRoot);
        Keep(StickJob.Bundle, imported with { Notes = WithoutNext(imported) });
        if (!imported.Worked || !IsStaged(bytes))
        {
            return;
        }

        var tried = await help.Verify(cancellationToken).ConfigureAwait(false);
        done.Add(new StickResult("trial with the broker", tried.Worked
            ? tried with { Sentence = "The broker accepts it." }
            : tried with { Means = "It was not put into use: what is in use is as it was. The bundle stays staged." }));
        if (tried.Worked)
        {
            done.Add(new StickResult("putting it into use", adopt.Activate(unverified: false)));
        }
    }

    /// <summary>The token first gets its other name: what opened once opens nothing when the stick comes again.
    /// </summary>
    private void OpenConsole()
    {
        var token = stick.Read(ConsoleName, EnvelopeKind.Console.BytesMax);
        Keep(StickJob.Console, token.Bytes is not { } bytes
            ? VerbReport.Failed(Verb, ExitCode.Storage, $"{token.Problem ?? ConsoleName + " is gone"}.",
                "The console stays shut.", "leave the stick in until its report is finished.")
            : stick.Rename(ConsoleName, Gateway + StickLayout.ConsoleTakenEnding) is { } kept
                ? VerbReport.Failed(Verb, ExitCode.Storage, $"{kept}.", "The console stays shut.",
                    "let the stick be written to, and plug it in again.")
                : help.Open(bytes));
    }

    private void Request()
    {
        var made = enrol.Init(anew: false);
        Keep(StickJob.Request, made.Worked && enrol.Pending() is { } request
            ? Written(Gateway + StickLayout.RequestEnding, Encoding.ASCII.GetBytes(request.Pem)) with
            {
                KeyFingerprint = request.KeyFingerprint,
                Notes = [$"Its key is {request.KeyFingerprint}. Whoever signs compares these letters with the "
                    + "gateway's label or screen, not with this stick."],
            }
            : made);
    }

    /// <summary>A gateway without an identity asks for one, whoever comes; and one that waits asks again.</summary>
    private async Task OfferRequestAsync(IReadOnlyList<StickTask> tasks, CancellationToken cancellationToken)
    {
        var state = context.Store.Look();
        if (tasks.All(task => task.Job is not (StickJob.Request or StickJob.Wipe)) && context.Store.ReadWiped() is null
            && (state.HasRequest || state is { Active: null, Staged: null }))
        {
            var task = new StickTask(StickJob.Request, state.HasRequest ? "one waits for its certificate"
                : "the gateway has no identity yet");
            asked.Add($"{WordOf(task.Job)}: unasked, {task.AskedBy}");
            await DoAsync(task, cancellationToken).ConfigureAwait(false);
        }
    }

    private VerbReport Finish()
    {
        if (asked.Count == 0)
        {
            asked.Add($"nothing of {Gateway}{Others()}");
        }

        var first = done.Find(each => !each.Report.Worked)?.Report;
        var worked = done.Count(each => each.Report.Worked);
        var report = new VerbReport
        {
            Verb = Verb,
            ExitCode = first?.ExitCode ?? ExitCode.Fine,
            Gateway = Gateway,
            Site = context.Site,
            Jobs = [.. done.Select(each => each.Report)],
            Sentence = done.Count == 0 ? $"The stick asks nothing of {Gateway}."
                : first is null ? $"Done: {string.Join(", ", done.Select(each => each.Name))}."
                : $"{worked} of {done.Count} were done. {first.Sentence}",
            Means = first?.Means,
            Do = first?.Do,
            Files = [ReportName],
        };
        var text = StickReport.Finished(Gateway, context.Site, context.Time(), asked, done, adopt.Status());
        context.Log(Verb, report.Worked ? "done" : "refused", report.Sentence);
        return stick.Write(ReportName, text) is { } lost
            ? report with
            {
                ExitCode = report.Worked ? ExitCode.Storage : report.ExitCode,
                Means = $"The report did not get onto the stick: {lost}. {first?.Means}".TrimEnd(),
                Do = first?.Do ?? "plug the stick in again: the gateway tells how it is.",
            }
            : report;
    }

    private VerbReport Written(string name, byte[] bytes) => stick.Write(name, bytes) is { } problem
        ? VerbReport.Failed(Verb, ExitCode.Storage, $"{problem}.", "It is not on the stick.",
            "see to the stick (is it full, was it pulled out?), and plug it in again.")
        : new VerbReport
        {
            Verb = Verb,
            ExitCode = ExitCode.Fine,
            Sentence = $"{name} is on the stick.",
            Files = [name],
        };

    private static VerbReport Wrong(IReadOnlyList<string> problems) => VerbReport.Failed(Verb, ExitCode.Unclear,
        string.Join(" ", problems.Select(each => $"{each}.")), "Nothing was done, also not what was right.",
        "correct that on the stick, and plug it in again.");

    private bool IsStaged(byte[] bundle) => context.Store.Look().Staged is { } staged
        && context.Store.ReadFile(staged, IdentityDirectory.BundleFile) is { } json
        && BundleInstall.Read(json)?.Hash == BundleInstall.HashOf(bundle);

    private static List<string>? WithoutNext(VerbReport report) =>
        report.Notes?.Where(note => !note.StartsWith("Next: ", StringComparison.Ordinal)).ToList()
            is { Count: > 0 } left ? left : null;

    /// <summary>For somebody who brought the stick of another cabinet.</summary>
    private string Others()
    {
        var others = stick.Names(NamesMax)
            .Where(name => name.EndsWith(StickLayout.BundleEnding, StringComparison.Ordinal))
            .Select(name => name[..^StickLayout.BundleEnding.Length])
            .Where(KeyRequest.IsName).Order(StringComparer.Ordinal).Take(OthersShownMax).ToList();
        return others.Count == 0 ? "" : $"; bundles are there for {string.Join(", ", others)}";
    }

    private void Keep(StickJob job, VerbReport report) => done.Add(new StickResult(WordOf(job), report));

    private static string WordOf(StickJob job) => job.ToString().ToLowerInvariant();
}
