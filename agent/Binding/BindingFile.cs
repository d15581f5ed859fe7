using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Binding;

/// <summary>
/// Reads and renews what binds an identity directory to a machine. Replaced in one step, as everything in there.
/// </summary>
internal sealed class BindingFile(IIdentityDisk disk, MachineFacts here)
{
    private const string Fresh = ".new";

    public MachineFacts Machine => here;

    public BindingRecord? Read() => BindingRecord.Read(disk.Read(BindingRecord.FileName, BindingRecord.BytesMax));

    public BindingState Look() => BindingRecord.Judge(Read(), here);

    /// <summary>There is something here that could be copied.</summary>
    public bool HasIdentity => disk.ReadLink(IdentityDirectory.Current) is not null
        || disk.IsFolder(IdentityDirectory.Current) || disk.ReadLink(IdentityStore.Staged) is not null
        || disk.Read(IdentityStore.PendingFile, IdentityStore.FileBytesMax) is not null;

    /// <summary>
    /// Binds to this machine what is not bound yet, or only in part. Returns what was bound, or null where nothing was
    /// to be done; another machine's is left alone.
    /// </summary>
    public MachineFacts? Complete()
    {
        var bound = Read();
        if (BindingRecord.Judge(bound, here) == BindingState.Elsewhere || !here.AreKnown)
        {
            return null;
        }

        var wanted = bound?.Completed(here) ?? new BindingRecord(here);
        if (wanted == bound)
        {
            return null;
        }

        Write(wanted);
        return wanted.Machine;
    }

    /// <summary>Binds to this machine, whatever it was bound to.</summary>
    public void Renew() => Write(new BindingRecord(here));

    private void Write(BindingRecord record)
    {
        disk.Write(BindingRecord.FileName + Fresh, record.Write(), isSecret: false);
        disk.Rename(BindingRecord.FileName + Fresh, BindingRecord.FileName);
        disk.SyncFolder("");
    }
}
