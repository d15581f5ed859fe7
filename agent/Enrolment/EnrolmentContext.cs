using System.Text;
using Sluice.Agent.Binding;
using Sluice.Agent.Configuration;
using Sluice.Agent.Time;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Consoles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>Who asks, and from where, for the audit log.</summary>
internal sealed record EnrolmentUser(string Name, string Terminal)
{
    /// <summary>Whoever this process belongs to; with sudo, the person behind it.</summary>
    public static EnrolmentUser Here()
    {
        var name = Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } person
            ? $"{person} as {ProcessUser.Name}"
            : ProcessUser.Name;
        return new EnrolmentUser(name, TerminalOf() ?? "none");
    }

    private static string? TerminalOf()
    {
        try
        {
            var target = new FileInfo("/proc/self/fd/0").LinkTarget;
            return target?.StartsWith("/dev/", StringComparison.Ordinal) == true && target != "/dev/null"
                ? target
                : null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>What every verb of the identity works with: the configuration, the directory, the time, the log.</summary>
internal sealed class EnrolmentContext(
    GatewayConfiguration configuration, IIdentityDisk disk, TimeProvider clock, IHostClock hostClock,
    EnrolmentUser user)
{
    private const string UsedTokensFile = "console-used";
    private const int UsedTokensMax = 256;

    private readonly GoodTimeFile goodTime = new(disk, ".new");

    public GatewayConfiguration Configuration => configuration;

    /// <summary>The gateway's own file, where a bundle brought another configuration in its place.</summary>
    public GatewayConfiguration Own { get => field ?? configuration; init; }

    public string GatewayId => configuration.Gateway.Id;

    public string Site => configuration.Gateway.Site;

    public TimeProvider Clock => clock;

    /// <summary>Where the configuration lies; null where a test has none.</summary>
    public string? ConfigurationDirectory { get; init; }

    /// <summary>Which machine this is; where nobody asked, nothing is known of it.</summary>
    public MachineFacts Machine { get; init; } = MachineFacts.None;

    /// <summary>The machine's TPM, or null.</summary>
    public string? Tpm { get; init; }

    /// <summary>What binds the identity to its machine.</summary>
    public BindingFile Binding => new(disk, Machine);

    /// <summary>The board's TPM, where keys may be.</summary>
    public ITpm Chip { get; init; } = BoardTpm.Instance;

    /// <summary>The keys of this directory that are in the TPM.</summary>
    public KeysInTpm Keys => field ??= new KeysInTpm(
        Chip, configuration.Identity.Directory, configuration.Identity.IsKeyInTpm);

    public IdentityStore Store => field ??= new IdentityStore(disk, Keys);

    public AuditLog Audit { get; } = new(disk);

    /// <summary>The time by which everything here is judged.</summary>
    public ValidityClock Validity => new(
        clock, () => configuration.IsClockTrusted || hostClock.IsSynchronised(), goodTime.Read);

    /// <summary>The identity behind a link, or why there is none. The caller disposes it.</summary>
    public IdentityLoadResult Load(string link) =>
        IdentityDirectory.Load(
            configuration.Identity.Directory, link, GatewayId, Validity.Now(), configuration.Identity.Revocation,
            Chip);

    /// <summary>The same to know of it, and not to use its key.</summary>
    public IdentityLoadResult Look(string link) =>
        IdentityDirectory.Look(
            configuration.Identity.Directory, link, GatewayId, Validity.Now(), configuration.Identity.Revocation);

    /// <summary>Makes a key where the configuration wants it, and its request. Whoever asks wipes the text.</summary>
    public byte[] MakeKeyAndRequest() => configuration.Identity.IsKeyInTpm
        ? Keys.Make(GatewayId, Site)
        : KeyRequest.MakeKeyAndRequest(GatewayId, Site);

    /// <summary>Now, as well as this gateway can know it.</summary>
    public ValidityTime Time() => Validity.WithOwn(configuration);

    /// <summary>Remembers that the clock is right now: after a dead battery nobody goes back before this.</summary>
    public void KeepGoodTime(ValidityTime time)
    {
        if (time.MayAct)
        {
            goodTime.Write(time.Wall);
        }
    }

    public static string WordOf(ValidityTime time) => time.IsBehind ? "behind" : time.IsClockSet ? "set" : "not set";

    /// <param name="verb">What was asked for.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="text">One sentence.</param>
    /// <param name="newSerial">The certificate that it is about.</param>
    /// <param name="oldSerial">The one in use before; null: the one in use now.</param>
    public void Log(string verb, string result, string text, string newSerial = "", string? oldSerial = null)
    {
        Audit.Append(new AuditEntry(
            clock.GetUtcNow(), WordOf(Time()), user.Name, user.Terminal, verb, result,
            oldSerial ?? SerialOf(IdentityDirectory.Current), newSerial, text));
    }

    /// <summary>The report of a verb that leaves another machine's identity alone; null where it is ours.</summary>
    public VerbReport? RefuseElsewhere(string verb)
    {
        if (Binding.Read() is not { } bound
            || BindingRecord.Judge(bound, Machine) != BindingState.Elsewhere)
        {
            return null;
        }

        Log(verb, "refused", BindingWords.Happened(bound, Machine));
        return VerbReport.Failed(verb, ExitCode.Unclear, BindingWords.Happened(bound, Machine),
            $"Nothing was changed. {BindingWords.Means}", BindingWords.Do) with
        {
            Gateway = GatewayId,
            Refusal = "OtherMachine",
        };
    }

    /// <summary>Binds what was just made or taken in, where it is not bound yet.</summary>
    public void Bind(string verb)
    {
        if (Binding.Complete() is { } machine)
        {
            Log(verb, "done", $"The identity is bound to {machine.Words}.");
        }
    }

    /// <summary>The site token of the bench, with the identity or beside the configuration; or null.</summary>
    public byte[]? ReadToken() => disk.Read(SiteToken.FileName, SiteToken.BytesMax)
        ?? (ConfigurationDirectory is { } folder && File.Exists(Path.Combine(folder, SiteToken.FileName))
            ? StickLayout.Read(Path.Combine(folder, SiteToken.FileName), SiteToken.BytesMax, out _) ?? []
            : null);

    public void KeepToken(ReadOnlySpan<byte> token)
    {
        disk.Write(SiteToken.FileName + ".new", token, isSecret: false);
        disk.Rename(SiteToken.FileName + ".new", SiteToken.FileName);
        disk.SyncFolder("");
    }

    /// <summary>Console tokens that opened this gateway's console, the newest last.</summary>
    public IReadOnlyList<string> UsedConsoleTokens() =>
        Encoding.ASCII.GetString(disk.Read(UsedTokensFile, UsedTokensMax * (ConsoleToken.IdLetters + 1)) ?? [])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Durably, before it opens anything. The oldest are forgotten: they are long out of date.</summary>
    public void KeepUsedConsoleToken(string id)
    {
        var ids = UsedConsoleTokens().Append(id).TakeLast(UsedTokensMax);
        disk.Write(UsedTokensFile + ".new", Encoding.ASCII.GetBytes(string.Join('\n', ids) + "\n"), isSecret: false);
        disk.Rename(UsedTokensFile + ".new", UsedTokensFile);
        disk.SyncFolder("");
    }

    /// <summary>The certificate's number behind a link; empty where there is none that can be used.</summary>
    public string SerialOf(string link)
    {
        using var identity = Look(link).Identity;
        return identity?.Serial ?? "";
    }
}
