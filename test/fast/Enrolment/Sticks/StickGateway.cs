using System.Net;
using System.Text;
using Sluice.Agent;
using Sluice.Agent.CommandLine.Enrolment;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Consoles;
using Sluice.Agent.Enrolment.Sticks;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Agent.Time;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Verbs;

namespace Sluice.Fast.Enrolment.Sticks;

/// <summary>A gateway with a real identity directory, into which sticks are plugged. Its broker says what it is told.
/// </summary>
internal sealed class StickGateway : IDisposable
{
    public const string Bundle = BundleBench.Gateway + StickLayout.BundleEnding;
    public const string Jobs = BundleBench.Gateway + StickLayout.JobsEnding;
    public const string Report = BundleBench.Gateway + StickLayout.ReportEnding;
    public const string Request = BundleBench.Gateway + StickLayout.RequestEnding;
    public const string Diagnostics = BundleBench.Gateway + StickLayout.DiagnosticsEnding;

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-stick-").FullName;

    public StickGateway(byte[]? pending = null)
    {
        if (pending is not null)
        {
            Do(context => context.Store.KeepPending(pending));
        }
    }

    /// <summary>Whether the broker accepts what is staged.</summary>
    public bool IsAccepted { get; set; } = true;

    public bool ConfirmsRoot { get; set; } = true;

    /// <summary>What a wipe destroys beside the identity, before its receipt is handed out and after it.</summary>
    public IReadOnlyList<WipeTarget> Before { get; set; } = [];

    public IReadOnlyList<WipeTarget> After { get; set; } = [];

    public string ConsoleFolder => Path.Combine(directory, "console");

    public string Identity => Path.Combine(directory, "identity");

    public IdentityState State
    {
        get
        {
            IdentityState? state = null;
            Do(context => state = context.Store.Look());
            return state!;
        }
    }

    public IReadOnlyList<AuditEntry> Audit
    {
        get
        {
            IReadOnlyList<AuditEntry> lines = [];
            Do(context => lines = context.Audit.Newest(1000));
            return lines;
        }
    }

    /// <summary>Looks whether the log fits, and holds this head.</summary>
    public AuditVerdict Check(string head)
    {
        AuditVerdict? verdict = null;
        Do(context => verdict = context.Audit.Check(head));
        return verdict!;
    }

    public async Task<VerbReport> PlugInAsync(IStick stick)
    {
        using var disk = LinuxIdentityDisk.Open(Identity);
        var context = Context(disk);
        var help = new StickHelp(
            _ => Task.FromResult(Verify(context)),
            new StickDiagnostics(context, Path.Combine(directory, "no.sock")).TellAsync, _ => ConfirmsRoot,
            stopping => RenewVerb.AskAsync(Path.Combine(directory, "no.sock"), TimeProvider.System, stopping),
            (handOut, stopping) => new Wipe(context, Before, After, 1234).RunAsync(handOut, stopping),
            new ConsoleDoor(context, ConsoleFolder).Open);
        return await new StickWork(context, stick, help).RunAsync(CancellationToken.None);
    }

    /// <summary>What the bench lays beside the configuration.</summary>
    public void LayToken(byte[] token) => File.WriteAllBytes(Path.Combine(directory, SiteToken.FileName), token);

    /// <summary>Everything in the identity directory but the log.</summary>
    public string Snapshot() => string.Join('\n', new DirectoryInfo(Identity)
        .EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        .Where(entry => !entry.FullName.Contains("/audit", StringComparison.Ordinal))
        .OrderBy(entry => entry.FullName, StringComparer.Ordinal)
        .Select(entry => $"{entry.FullName} {entry.LinkTarget} {(entry is FileInfo { LinkTarget: null } file
            ? Convert.ToHexString(File.ReadAllBytes(file.FullName)) : "")}"));

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private VerbReport Verify(EnrolmentContext context)
    {
        if (IsAccepted)
        {
            context.Store.MarkVerified(context.Clock.GetUtcNow());
            return new VerbReport { Verb = "verify", ExitCode = ExitCode.Fine, Sentence = "The broker accepts it." };
        }

        return VerbReport.Failed("verify", ExitCode.Unavailable, "The broker does not answer.", "Nothing was changed.",
            "see to the way to the broker.") with
        { Steps = [new VerbStep("connection", false, "192.0.2.10:8883 does not answer")] };
    }

    private void Do(Action<EnrolmentContext> act)
    {
        using var disk = LinuxIdentityDisk.Open(Identity);
        act(Context(disk));
    }

    private EnrolmentContext Context(LinuxIdentityDisk disk) => new(
        new GatewayConfiguration
        {
            Gateway = new GatewayName(BundleBench.Site, BundleBench.Gateway),
            Broker = new BrokerSettings
            {
                Host = "mes-broker.dmz.plant1",
                Addresses = [IPAddress.Parse("192.0.2.10")],
                Network = IPNetwork.Parse("192.0.2.0/28"),
            },
            Identity = new IdentitySettings { Directory = Identity },
            Buffer = new BufferSettings { Directory = directory },
            Sources = [],
            Hash = new string('0', 64),
        },
        disk, TimeProvider.System, new TrustedClock(Guid.Empty), new EnrolmentUser("sluice", "a stick"))
    {
        ConfigurationDirectory = directory,
    };
}
