using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Sluice.Provision.Authority;

/// <summary>
/// The folder of a plant's CA, used by one verb at a time:
/// <code>
/// root/root.key      the root's key, encrypted; this folder belongs on a stick in a safe
/// root.pem           the root's certificate
/// issuing.pem .key   what signs certificates and the revocation list
/// signer.pem .key    what signs bundles
/// root-crl.pem crl.pem   the two revocation lists
/// certificates/      every certificate that was made, by its number
/// trust.bundle       the newest trust bundle
/// trusted/           other CAs of the plant, as PEM: roots, authorities, lists
/// answers/           the newest bundle that the registration authority sent to each gateway
/// audit/             what it did, line by line
/// register.json      who has which, what is revoked, versions of bundles
/// </code>
/// Where the plant has a CA of its own, this one signs bundles only: no issuing.*, no crl.pem, the signer stands right
/// below the root, and what the plant's CA is lies in trusted/.
/// A file is replaced by a rename after its bytes are on the disk.
/// </summary>
internal sealed class AuthorityFolder : IDisposable
{
    private const int TriesMax = 100;

    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(100);

    private readonly FileStream held;

    private AuthorityFolder(string directory, FileStream held)
    {
        Directory = directory;
        this.held = held;
    }

    public string Directory { get; }

    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, "register.json"));

    /// <summary>Throws IOException where another verb is at it.</summary>
    public static AuthorityFolder Open(string directory)
    {
        System.IO.Directory.CreateDirectory(directory);
        return new AuthorityFolder(directory, new FileStream(
            Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
    }

    /// <summary>Waits a little for another verb, or for the registration authority, to be done with it.</summary>
    public static AuthorityFolder OpenInTurn(string directory, TimeProvider clock)
    {
        for (var at = 1; ; at++)
        {
            try
            {
                return Open(directory);
            }
            catch (IOException) when (at < TriesMax)
            {
                Task.Delay(TryAgainAfter, clock).GetAwaiter().GetResult();
            }
        }
    }

    public string At(string name) => Path.Combine(Directory, name);

    public bool Has(string name) => File.Exists(At(name));

    public Register ReadRegister()
    {
        using var file = File.OpenRead(At("register.json"));
        return JsonSerializer.Deserialize(file, RegisterJson.Default.Register)
            ?? throw new InvalidDataException("register.json is empty.");
    }

    public void Write(Register register) =>
        Write("register.json", JsonSerializer.SerializeToUtf8Bytes(register, RegisterJson.Default.Register));

    public X509Certificate2 ReadCertificate(string name) =>
        X509Certificate2.CreateFromPem(File.ReadAllText(At(name)));

    public ECDsa ReadKey(string name, string passphrase)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromEncryptedPem(File.ReadAllText(At(name)), passphrase);
            return key;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new WrongPassphraseException(name);
        }
    }

    public void Write(string name, ReadOnlySpan<byte> bytes, bool isSecret = false) =>
        WriteFile(At(name), bytes, isSecret);

    /// <summary>A key's mode is given when its file is made: nobody else can read it, not for a moment.</summary>
    public static void WriteFile(string path, ReadOnlySpan<byte> bytes, bool isSecret = false)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        System.IO.Directory.CreateDirectory(folder);
        var fresh = path + ".new";
        File.Delete(fresh);
        Put(fresh, FileMode.CreateNew, bytes, isSecret);
        File.Move(fresh, path, overwrite: true);
        FolderSync.Sync(folder);
    }

    /// <summary>The bytes are on the disk when this returns.</summary>
    public static void Put(string path, FileMode mode, ReadOnlySpan<byte> bytes, bool isSecret)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (isSecret && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    public void Dispose() => held.Dispose();
}

/// <summary>The passphrase does not open a key of the CA.</summary>
internal sealed class WrongPassphraseException(string name) : Exception($"The passphrase does not open {name}.");
