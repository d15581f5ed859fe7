using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Revocation;

namespace Sluice.Provisioning.Store;

/// <summary>
/// Changes the identity directory, in steps of which each leaves it whole.
/// <code>
/// pending.pem              key and request that wait for a certificate (0600)
/// staged  -> versions/0005 imported, not in use
/// current -> versions/0004 in use; what IdentityDirectory reads
/// versions/0004/           key.pem (0600) chain.pem roots.pem crl.pem bundle.json; the key itself, or where it
///                          is in the TPM
/// versions/0004/before     the version that was in use before this one: where a rollback leads
/// versions/0004/verified   the broker accepted it
/// versions/0004/renewal    it came in band, for this request
/// versions/0004/confirmed  and the registration authority knows that it is in use
/// versions/0004/configuration.json  gateway.json and its lists, where a bundle brought them; goes from version to
///                          version until another bundle brings others
/// versions/0004t7/         the same, with the roots and lists of trust bundle 7
/// trust                    the newest trust bundle that was ever taken in
/// wiping                   the receipt of a wipe: all that is left here is to be destroyed
/// wiped.receipt            the same when it was
/// </code>
/// Invariants: a link is only ever replaced by a rename, and after everything that it leads to is on the disk and
/// synced; so a power cut at any instant leaves the old identity in use or the new one, whole. What was in use before
/// stays until the one after it was replaced. The newest version that was ever taken in is always staged, in use or the
/// one before: its number is how an old bundle is known. What no link leads to is rubbish of a power cut and is swept
/// away by the next change. An installation whose directory was laid out by hand is the same layout without
/// <c>before</c>. Used by one verb at a time (the disk is locked).
/// </summary>
public sealed class IdentityStore(IIdentityDisk disk, IKeyPlace? place = null)
{
    public const string PendingFile = "pending.pem";
    public const string Staged = "staged";
    public const string Versions = "versions";
    public const string BeforeFile = "before";
    public const string VerifiedFile = "verified";

    /// <summary>In a version that came in band: which request it answers.</summary>
    public const string RenewalFile = "renewal";

    /// <summary>Beside it, once the registration authority knows that it is in use.</summary>
    public const string ConfirmedFile = "confirmed";

    /// <summary>Beside the identity: what the gateway does, where a bundle brought it.</summary>
    public const string ConfigurationFile = "configuration.json";

    /// <summary>Larger than any file of the directory but the revocation lists and the configuration.</summary>
    public const int FileBytesMax = 64 << 10;

    /// <summary>The number of the newest trust bundle that was ever taken in.</summary>
    public const string TrustFile = "trust";

    private const char TrustMark = 't';

    /// <summary>This gateway is being wiped: what it leaves.</summary>
    public const string WipingFile = "wiping";

    /// <summary>It was wiped.</summary>
    public const string WipedFile = "wiped.receipt";

    private const string Fresh = ".new";

    private readonly IKeyPlace keys = place ?? KeysInFiles.Instance;

    /// <summary>The bundle's number in a version's name; 0 where it has none.</summary>
    public static int NumberOf(string? version) => Number(version?.Split(TrustMark)[0]);

    /// <summary>The trust bundle's number in a version's name; 0 where roots and lists came in the bundle.</summary>
    public static int TrustOf(string? version) => version?.Split(TrustMark) is [_, var trust]
        ? Number(trust)
        : 0;

    /// <summary>The name of a version's folder below the directory.</summary>
    public static string FolderOf(string version) => $"{Versions}/{version}";

    public static string NameOf(int version) => version.ToString("D4", CultureInfo.InvariantCulture);

    private static string NameOf(int version, int trust) =>
        string.Create(CultureInfo.InvariantCulture, $"{version:D4}{TrustMark}{trust}");

    public IdentityState Look()
    {
        var staged = VersionBehind(Staged);
        var active = VersionBehind(IdentityDirectory.Current);
        var previous = PreviousOf(active);
        return new IdentityState(
            disk.Read(PendingFile, FileBytesMax) is not null,
            staged,
            staged is not null && disk.Read($"{FolderOf(staged)}/{VerifiedFile}", FileBytesMax) is not null,
            active,
            previous)
        {
            TrustVersionMax = Math.Max(NotedTrust(), Math.Max(TrustOf(active), TrustOf(previous))),
        };
    }

    /// <summary>Key and request in one file, so that there is never one without the other.</summary>
    public byte[]? ReadPending() => disk.Read(PendingFile, FileBytesMax);

    /// <summary>Every key of this directory that is not in its file, whatever it is kept for.</summary>
    public IReadOnlyList<TpmKeyText> KeysElsewhere()
    {
        var found = new List<TpmKeyText>();
        foreach (var text in disk.List(Versions).Select(version => ReadFile(version, IdentityDirectory.KeyFile))
            .Prepend(ReadPending()))
        {
            found.AddRange(new[] { TpmKeyText.Read(text) }.OfType<TpmKeyText>());
            CryptographicOperations.ZeroMemory(text);
        }

        return found;
    }

    /// <summary>A file of a version, or null.</summary>
    public byte[]? ReadFile(string version, string file, int bytesMax = RevocationList.BytesMax) =>
        disk.Read($"{FolderOf(version)}/{file}", bytesMax);

    public void KeepPending(ReadOnlySpan<byte> keyAndRequest)
    {
        var before = KeysElsewhere();
        Replace("", PendingFile, keys.Keep(keyAndRequest, KeysElsewhere), isSecret: true);
        keys.Sweep(before, KeysElsewhere());
    }

    /// <summary>Puts a new version beside the one in use. Everything in it was judged before.</summary>
    public void Stage(int version, IReadOnlyList<IdentityFile> files)
    {
        Sweep();
        disk.MakeFolder(Versions);
        disk.SyncFolder("");
        var name = NameOf(version);
        var fresh = FolderOf(name) + Fresh;
        disk.MakeFolder(fresh);
        foreach (var file in files)
        {
            var isKey = file.Name == IdentityDirectory.KeyFile;
            disk.Write($"{fresh}/{file.Name}", isKey ? keys.Keep(file.Bytes.Span, KeysElsewhere) : file.Bytes.Span,
                file.IsSecret);
        }

        if (files.All(file => file.Name != ConfigurationFile)
            && VersionBehind(IdentityDirectory.Current) is { } active
            && ReadFile(active, ConfigurationFile) is { } kept)
        {
            disk.Write($"{fresh}/{ConfigurationFile}", kept, isSecret: false);
        }

        disk.SyncFolder(fresh);
        disk.Rename(fresh, FolderOf(name));
        disk.SyncFolder(Versions);
        PointTo(Staged, name);
        Sweep();
    }

    /// <summary>Remembers that the broker accepted the staged version.</summary>
    public void MarkVerified(DateTimeOffset at) => Mark(Staged, VerifiedFile, at);

    /// <summary>Remembers that the registration authority was told of the version in use.</summary>
    public void MarkConfirmed(DateTimeOffset at) => Mark(IdentityDirectory.Current, ConfirmedFile, at);

    /// <summary>
    /// Newer revocation lists for a version that is here, in one step: key, certificate and roots stay.
    /// </summary>
    public void ReplaceLists(string version, ReadOnlySpan<byte> pem) =>
        Replace(FolderOf(version), IdentityDirectory.RevocationFile, pem, isSecret: false);

    /// <summary>
    /// Puts other roots and lists into use, with key and certificate as they are: a version of its own, whose rename is
    /// the whole switch. There must be one in use; a rollback leads to where it led before. The folder of the one in
    /// use until now stays until the next change: somebody may be reading it.
    /// </summary>
    /// <param name="trust">The trust bundle's version.</param>
    /// <param name="roots">PEM.</param>
    /// <param name="lists">PEM.</param>
    public void ReplaceTrust(int trust, ReadOnlySpan<byte> roots, ReadOnlySpan<byte> lists)
    {
        Sweep();
        var active = VersionBehind(IdentityDirectory.Current)
            ?? throw new InvalidOperationException("Nothing is in use; whoever calls looks before.");
        var name = NameOf(NumberOf(active), trust);
        var fresh = FolderOf(name) + Fresh;
        disk.MakeFolder(fresh);
        foreach (var file in disk.List(FolderOf(active)).Where(IsKept))
        {
            var bytes = ReadFile(active, file) ?? throw new IOException($"{file} of version {active} is gone.");
            disk.Write($"{fresh}/{file}", bytes, isSecret: file == IdentityDirectory.KeyFile);
            CryptographicOperations.ZeroMemory(bytes);
        }

        disk.Write($"{fresh}/{IdentityDirectory.RootsFile}", roots, isSecret: false);
        disk.Write($"{fresh}/{IdentityDirectory.RevocationFile}", lists, isSecret: false);
        disk.SyncFolder(fresh);
        disk.Rename(fresh, FolderOf(name));
        disk.SyncFolder(Versions);
        PointTo(IdentityDirectory.Current, name);
        NoteTrust();
    }

    /// <summary>Puts the staged version into use. There must be one.</summary>
    /// <param name="forgetsRequest">Its key was the pending one, which nobody waits for any more.</param>
    public void Activate(bool forgetsRequest)
    {
        var staged = VersionBehind(Staged)
            ?? throw new InvalidOperationException("Nothing is staged; the verb looks before it activates.");
        if (VersionBehind(IdentityDirectory.Current) is { } active && active != staged)
        {
            Replace(FolderOf(staged), BeforeFile, Encoding.UTF8.GetBytes(active + "\n"), isSecret: false);
        }

        // The whole switch: what was staged is in use from here on, and nothing is staged any more.
        disk.Rename(Staged, IdentityDirectory.Current);
        disk.SyncFolder("");
        if (forgetsRequest)
        {
            disk.Delete(PendingFile);
            disk.SyncFolder("");
        }

        Sweep();
    }

    /// <summary>Returns to the version before. There must be one. A second rollback goes forward again.</summary>
    public void Rollback()
    {
        var active = VersionBehind(IdentityDirectory.Current);
        if (active is null || PreviousOf(active) is not { } previous)
        {
            throw new InvalidOperationException("Nothing to return to; the verb looks before it rolls back.");
        }

        // Read only once current leads there: until then the old answer stands.
        Replace(FolderOf(previous), BeforeFile, Encoding.UTF8.GetBytes(active + "\n"), isSecret: false);
        PointTo(IdentityDirectory.Current, previous);
    }

    /// <summary>
    /// From here on this gateway is a wiped one, whatever is still there: one rename, before anything is destroyed.
    /// </summary>
    /// <param name="receipt">What it leaves; kept until <see cref="EndWipe"/> and after it.</param>
    public void BeginWipe(ReadOnlySpan<byte> receipt) => Replace("", WipingFile, receipt, isSecret: false);

    /// <summary>The receipt of a wipe that was begun and is not at its end; null where there is none.</summary>
    public byte[]? ReadWiping() => disk.Read(WipingFile, FileBytesMax);

    /// <summary>The receipt of the last wipe that came to its end; null where there was none.</summary>
    public byte[]? ReadWiped() => disk.Read(WipedFile, FileBytesMax);

    /// <summary>Nothing is left: the receipt is the only trace, beside the audit log.</summary>
    public void EndWipe()
    {
        disk.Rename(WipingFile, WipedFile);
        disk.SyncFolder("");
    }

    /// <summary>
    /// Deletes every key and certificate: links first, so that nothing half deleted is ever in use. What was begun is
    /// begun anew where a power cut came between.
    /// </summary>
    /// <param name="more">Other files of the directory that go with them.</param>
    public void Erase(params IEnumerable<string> more)
    {
        foreach (var name in new[] { IdentityDirectory.Current, Staged, PendingFile, TrustFile }.Concat(more))
        {
            disk.Delete(name);
            disk.Delete(name + Fresh);
        }

        disk.SyncFolder("");
        foreach (var version in disk.List(Versions))
        {
            disk.DeleteFolder(FolderOf(version));
        }

        if (disk.IsFolder(Versions))
        {
            disk.SyncFolder(Versions);
        }
    }

    private static bool IsKept(string file) => !file.EndsWith(Fresh, StringComparison.Ordinal)
        && file is not (IdentityDirectory.RootsFile or IdentityDirectory.RevocationFile);

    private static int Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private int NotedTrust() => disk.Read(TrustFile, FileBytesMax) is { } bytes
        ? Number(Encoding.ASCII.GetString(bytes).Trim())
        : 0;

    /// <summary>Until it is noted, the name of the version says it.</summary>
    private void NoteTrust()
    {
        var newest = Look().TrustVersionMax;
        if (newest > NotedTrust())
        {
            Replace("", TrustFile, Encoding.ASCII.GetBytes(
                newest.ToString(CultureInfo.InvariantCulture) + "\n"), isSecret: false);
        }
    }

    private void Sweep()
    {
        // Before the version goes whose name says it, where the power was cut in between.
        NoteTrust();
        var before = KeysElsewhere();
        var state = Look();
        var swept = false;
        foreach (var version in disk.List(Versions))
        {
            if (version != state.Active && version != state.Previous && version != state.Staged)
            {
                disk.DeleteFolder(FolderOf(version));
                swept = true;
            }
        }

        if (swept)
        {
            disk.SyncFolder(Versions);
        }

        keys.Sweep(before, KeysElsewhere());
    }

    private void Mark(string link, string file, DateTimeOffset at)
    {
        if (VersionBehind(link) is { } version)
        {
            var text = at.ToString("O", CultureInfo.InvariantCulture) + "\n";
            Replace(FolderOf(version), file, Encoding.UTF8.GetBytes(text), isSecret: false);
        }
    }

    private void PointTo(string link, string version)
    {
        disk.Delete(link + Fresh);
        disk.Link(link + Fresh, FolderOf(version));
        disk.Rename(link + Fresh, link);
        disk.SyncFolder("");
    }

    private void Replace(string folder, string file, ReadOnlySpan<byte> bytes, bool isSecret)
    {
        var name = folder.Length == 0 ? file : $"{folder}/{file}";
        disk.Write(name + Fresh, bytes, isSecret);
        disk.Rename(name + Fresh, name);
        disk.SyncFolder(folder);
    }

    private string? PreviousOf(string? active)
    {
        if (active is null || disk.Read($"{FolderOf(active)}/{BeforeFile}", FileBytesMax) is not { } bytes)
        {
            return null;
        }

        var before = Encoding.UTF8.GetString(bytes).Trim();
        return IsVersion(before) && before != active && disk.IsFolder(FolderOf(before)) ? before : null;
    }

    private string? VersionBehind(string link)
    {
        var target = disk.ReadLink(link)?.TrimEnd('/');
        if (target is null)
        {
            return null;
        }

        var version = target[(target.LastIndexOf('/') + 1)..];
        return target.EndsWith(FolderOf(version), StringComparison.Ordinal) && IsVersion(version)
            && disk.IsFolder(FolderOf(version))
            ? version
            : null;
    }

    private static bool IsVersion(string name) => name.Length is > 0 and <= 32 && name.All(char.IsAsciiLetterOrDigit);
}

/// <summary>One file of a version.</summary>
public sealed record IdentityFile(string Name, ReadOnlyMemory<byte> Bytes, bool IsSecret = false);
