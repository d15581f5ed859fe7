using System.Globalization;
using System.Text;
using Sluice.Agent.Binding;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>What is in use and how it changes: <c>activate</c>, <c>rollback</c>, <c>status</c>, <c>audit</c>.</summary>
internal sealed class Adopt(EnrolmentContext context)
{
    private const string Connects = "The running agent uses it from its next connection on; to have that now: "
        + "systemctl restart sluice-agent.";

    private static readonly (TimeSpan Left, string Words)[] Warnings =
        [(TimeSpan.FromDays(3), "3 days"), (TimeSpan.FromDays(14), "14 days")];

    public VerbReport Activate(bool unverified)
    {
        const string verb = "activate";
        if (context.RefuseElsewhere(verb) is { } elsewhere)
        {
            return elsewhere;
        }

        var state = context.Store.Look();
        if (state.Staged is not { } staged)
        {
            return VerbReport.Failed(verb, ExitCode.Unavailable, "Nothing is staged.",
                "Nothing was changed: what is in use stays in use.",
                "bring a bundle and import it: sluice-agent identity import.");
        }

        using var identity = context.Load(Provisioning.Store.IdentityStore.Staged).Identity;
        if (identity is null || (!state.IsStagedVerified && !unverified))
        {
            context.Log(verb, "refused", $"Version {staged} was not verified.", identity?.Serial ?? "");
            return VerbReport.Failed(verb, ExitCode.Unclear, identity is null
                ? $"Version {staged} is damaged." : $"The broker has not accepted version {staged} yet.",
                "Nothing was changed: what is in use stays in use.", identity is null
                    ? "import the bundle again."
                    : "try it: sluice-agent identity verify. Where the broker cannot be reached from here: "
                        + "--unverified.");
        }

        var pending = new Enrol(context).Pending();
        var old = context.SerialOf(IdentityDirectory.Current);
        context.Log(verb, "begun", $"Version {staged}.", identity.Serial, old);
        context.Store.Activate(forgetsRequest: pending?.KeyFingerprint == Fingerprint.OfKey(identity.Leaf));
        context.Log(verb, "done", $"Version {staged} is in use.", identity.Serial, old);
        context.Bind(verb);
        return Now(verb, $"Version {staged} is in use: a certificate for {context.GatewayId} until "
            + $"{identity.NotAfter:yyyy-MM-dd}.", identity) with
        {
            Notes = [Connects, .. state.Active is { } before
                ? new[] { $"Version {before} is kept: sluice-agent identity rollback returns to it." } : []],
        };
    }

    public VerbReport Rollback()
    {
        const string verb = "rollback";
        if (context.RefuseElsewhere(verb) is { } elsewhere)
        {
            return elsewhere;
        }

        var state = context.Store.Look();
        if (state is not { Active: { } active, Previous: { } previous })
        {
            return VerbReport.Failed(verb, ExitCode.Unavailable, "There is no identity before this one.",
                "Nothing was changed: what is in use stays in use.", "bring a new bundle and import it.");
        }

        var old = context.SerialOf(IdentityDirectory.Current);
        context.Log(verb, "begun", $"From version {active} to {previous}.", oldSerial: old);
        context.Store.Rollback();
        using var identity = context.Load(IdentityDirectory.Current).Identity;
        context.Log(verb, "done", $"Version {previous} is in use again.", identity?.Serial ?? "", old);
        return Now(verb, $"Version {previous} is in use again"
            + (identity is null ? ", and cannot be used." : $": a certificate until {identity.NotAfter:yyyy-MM-dd}."),
            identity) with
        {
            Notes = [Connects, $"Version {active} is kept: another rollback goes forward to it."],
        };
    }

    public VerbReport Status()
    {
        var state = context.Store.Look();
        var loaded = context.Load(IdentityDirectory.Current);
        using var identity = loaded.Identity;
        var time = context.Time();
        var request = new Enrol(context).Pending();
        var notes = new List<string>(identity is null ? [] : loaded.Problems.Select(problem => $"{problem}."));
        if (context.Configuration.Brought is { Stamp.Length: > 0 } brought)
        {
            notes.Add(brought.Version is { } version
                ? $"The configuration that counts came with version {version}; to have the files here count again, "
                    + "change them."
                : "A configuration came with this version, and the files here count: sluice-agent check says why.");
        }

        if (identity is not null)
        {
            notes.AddRange(new[] { OtherPlace(state), context.Machine.AreKnown ? null : BindingWords.Unknown }
                .OfType<string>());
        }

        if (identity is null && context.Store.ReadWiped() is { } wiped && Wipe.Read(wiped) is { } receipt)
        {
            notes.Add($"Gateway {receipt.Gateway} was wiped here at {receipt.At.UtcDateTime:yyyy-MM-dd HH:mm}Z.");
        }

        notes.AddRange(new[] { time.ClockProblem is { } clock ? $"{clock}." : null, Expiry(identity, time) }
            .OfType<string>());
        var elsewhere = context.Binding.Look() == BindingState.Elsewhere ? context.Binding.Read() : null;
        var report = elsewhere is not null
            ? VerbReport.Failed("status", ExitCode.Unclear, BindingWords.Happened(elsewhere, context.Machine),
                BindingWords.Means, BindingWords.Do) with { Refusal = "OtherMachine" }
            : identity is null
            ? VerbReport.Failed("status", ExitCode.Unclear, $"{context.GatewayId} has no identity in use.",
                string.Join(" ", loaded.Problems.Select(problem => $"{problem}.")), Next(state))
            : Now("status", $"{context.GatewayId} is version {state.Active ?? "of its own"}, until "
                + $"{identity.NotAfter:yyyy-MM-dd}.", identity);
        return report with
        {
            Gateway = context.GatewayId,
            Site = context.Site,
            KeyFingerprint = request?.KeyFingerprint ?? (identity is null ? null : Fingerprint.OfKey(identity.Leaf)),
            KeyProtection = identity is null ? null : HandleOf(state) is { } handle
                ? TpmChip.Holds(context.Tpm, handle) : TpmChip.Protection(context.Tpm),
            RootFingerprint = identity is null ? null : Fingerprint.Of(identity.Trust.Roots[0]),
            Identity = Enrol.StateOf(state) with
            {
                Serial = identity?.Serial,
                NotBefore = identity?.NotBefore,
                NotAfter = identity?.NotAfter,
                Clock = EnrolmentContext.WordOf(time),
                Machine = elsewhere is not null ? "another" : context.Binding.Read() is null ? "not bound" : "this",
            },
            Notes = notes.Count > 0 ? notes : null,
            Shown = Table(state, request?.KeyFingerprint),
        };
    }

    /// <param name="known">A head that was noted elsewhere, or null.</param>
    public VerbReport AuditVerify(string? known)
    {
        var verdict = context.Audit.Check(known);
        var audit = new VerbAudit(verdict.Lines, verdict.Head, verdict.Problems, []);
        return (verdict.Problems.Count == 0
            ? new VerbReport
            {
                Verb = "audit verify",
                ExitCode = ExitCode.Fine,
                Sentence = verdict.Lines == 0 ? "Nothing was logged yet."
                    : $"All {verdict.Lines} lines fit, from number {verdict.First} on; the head is {verdict.Head}.",
            }
            : VerbReport.Failed("audit verify", ExitCode.Unclear,
                $"The log does not fit in {verdict.Problems.Count} places: {string.Join(" ", verdict.Problems)}",
                "Somebody or something changed it, after it was written.",
                "keep a copy of the identity directory's audit folder, and tell the security officer."))
            with { Audit = audit, Notes = verdict.Notes.Count > 0 ? verdict.Notes : null };
    }

    public VerbReport AuditExport(string file)
    {
        const string verb = "audit export";
        var lines = context.Audit.Lines();
        byte[] bytes = [.. lines.SelectMany(line => (byte[])[.. line.Span, (byte)'\n'])];
        return SafeFile.Replace(file, bytes) is { } problem
            ? VerbReport.Failed(verb, ExitCode.Storage, problem, "Nothing was written under its name.",
                "see to the disk or the stick, and do it again.")
            : new VerbReport
            {
                Verb = verb,
                ExitCode = ExitCode.Fine,
                Files = [file],
                Audit = new VerbAudit(lines.Count, context.Audit.Head ?? "", [], []),
                Sentence = $"{lines.Count} lines are in {file}; the head is {context.Audit.Head ?? "none"}.",
            };
    }

    public VerbReport AuditShow(int lines)
    {
        var newest = context.Audit.Newest(Math.Clamp(lines, 1, 10_000));
        var rows = newest.Select(entry =>
            $"{entry.At:yyyy-MM-dd HH:mm:ss}Z ({entry.Clock}) {entry.User} at {entry.Terminal}: {entry.Verb} "
            + $"{entry.Result}. {entry.Text}").ToList();
        var text = new StringBuilder();
        rows.ForEach(row => text.AppendLine(row));
        return new VerbReport
        {
            Verb = "audit show",
            ExitCode = ExitCode.Fine,
            Audit = new VerbAudit(rows.Count, context.Audit.Head ?? "", [], rows),
            Shown = text.ToString(),
            Sentence = context.Audit.Head is { } head ? $"The head is {head}." : "Nothing was logged yet.",
        };
    }

    /// <summary>Where in the TPM the key in use is; null where it is in a file.</summary>
    private uint? HandleOf(Provisioning.Store.IdentityState state) => state.Active is { } active
        ? TpmKeyText.Read(context.Store.ReadFile(active, IdentityDirectory.KeyFile))?.Handle
        : null;

    /// <summary>Where the configuration wants the next key elsewhere than the one in use is.</summary>
    private string? OtherPlace(Provisioning.Store.IdentityState state) =>
        (context.Configuration.Identity.IsKeyInTpm, HandleOf(state)) switch
        {
            (true, null) => "The key in use is in a file; the next one is made in the TPM, as the configuration says.",
            (false, not null) =>
                "The key in use is in the TPM; the next one is made in a file, as the configuration says.",
            _ => null,
        };

    private static string Table(Provisioning.Store.IdentityState state, string? request)
    {
        var staged = state.Staged is null ? "none"
            : $"{state.Staged}, {(state.IsStagedVerified ? "accepted by the broker" : "not verified yet")}";
        return string.Create(CultureInfo.InvariantCulture, $"""
            request   {request ?? "none"}
            staged    {staged}
            in use    {state.Active ?? "none"}
            before    {state.Previous ?? "none"}

            """);
    }

    private static string Next(Provisioning.Store.IdentityState state) =>
        state.Staged is not null
            ? "try what is staged and put it into use: sluice-agent identity verify, then activate."
        : state.HasRequest ? "take the request to the plant's CA (sluice-agent identity export) and import its bundle."
        : "make a key and a request: sluice-agent identity init.";

    /// <summary>Months before it counts, where the clock is right.</summary>
    private static string? Expiry(Identity? identity, ValidityTime time)
    {
        if (identity is null || !time.MayAct)
        {
            return null;
        }

        var left = identity.NotAfter - time.At;
        var life = identity.NotAfter - identity.NotBefore;
        if (left <= TimeSpan.Zero)
        {
            return "The certificate has expired: the broker refuses it. Bring a new bundle.";
        }

        var soon = Array.Find(Warnings, warning => left <= warning.Left).Words;
        return soon is not null ? $"The certificate expires in less than {soon}: bring a new bundle now."
            : left <= life / 3 ? $"A third of the certificate's life is left, {left.TotalDays:0} days: bring a new "
                + "bundle."
            : null;
    }

    private VerbReport Now(string verb, string sentence, Identity? identity) => new()
    {
        Verb = verb,
        ExitCode = ExitCode.Fine,
        Gateway = context.GatewayId,
        Sentence = sentence,
        Identity = Enrol.StateOf(context.Store.Look()) with
        {
            Serial = identity?.Serial,
            NotBefore = identity?.NotBefore,
            NotAfter = identity?.NotAfter,
        },
    };
}
