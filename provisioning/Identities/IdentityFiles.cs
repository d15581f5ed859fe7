using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Identities;

/// <summary>Reads the files of one identity, each with its bound, and collects what is wrong with them.</summary>
internal sealed class IdentityFiles(string directory, List<IdentityProblem> problems, ITpm? tpm)
{
    /// <summary>No file of an identity comes near it, except a large revocation list.</summary>
    private const int FileBytesMax = 1 << 20;

    private const int CertificatesMax = 16;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The key that was read is a public half: nobody asked for more.</summary>
    public bool IsOnlyLookedAt { get; private set; }

    public void Problem(string file, string sentence) =>
        problems.Add(new IdentityProblem(Path.Combine(directory, file), sentence, Blocks: true));

    public void Warning(string file, string sentence) =>
        problems.Add(new IdentityProblem(Path.Combine(directory, file), sentence, Blocks: false));

    /// <summary>The private key. Its text is wiped from memory as soon as it is read.</summary>
    public AsymmetricAlgorithm? ReadKey()
    {
        const string file = IdentityDirectory.KeyFile;
        if (Read(file, FileBytesMax, "the gateway's private key") is not { } bytes)
        {
            return null;
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(Path.Combine(directory, file)) & Others) != 0)
        {
            Problem(file, "the private key can be read or changed by others than its owner; it is not used like that: "
                + "chmod 0600, and have a new one made if anybody else was on this machine");
        }

        if (TpmKeyText.Read(bytes) is { } elsewhere)
        {
            return InTpm(file, elsewhere);
        }

        var text = new char[bytes.Length];
        try
        {
            Encoding.Latin1.GetChars(bytes, text);
            return ImportKey(file, text);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            Array.Clear(text);
        }
    }

    public X509Certificate2Collection ReadCertificates(string file, string what)
    {
        var certificates = new X509Certificate2Collection();
        if (Read(file, FileBytesMax, what) is not { } bytes)
        {
            return certificates;
        }

        try
        {
            certificates.ImportFromPem(Encoding.Latin1.GetString(bytes));
        }
        catch (CryptographicException exception)
        {
            Problem(file, $"a certificate in it is damaged ({exception.Message}); copy the file again");
            return [];
        }

        if (certificates.Count is 0 or > CertificatesMax)
        {
            Problem(file, $"it must hold {what} in PEM form, 1 to {CertificatesMax} certificates; "
                + $"it holds {certificates.Count}");
            return [];
        }

        return certificates;
    }

    public IReadOnlyList<RevocationList> ReadRevocationLists()
    {
        const string file = IdentityDirectory.RevocationFile;
        var lists = new List<RevocationList>();
        if (Read(file, RevocationList.BytesMax, "the revocation lists of the plant's CA") is not { } bytes)
        {
            return lists;
        }

        foreach (var (_, list, problem) in RevocationFile.Read(bytes))
        {
            if (list is not null)
            {
                lists.Add(list);
            }
            else
            {
                Problem(file, $"{problem}; copy it again or have the CA make a plain one");
            }
        }

        var damaged = problems.Exists(problem => Path.GetFileName(problem.File) == file);
        if (lists.Count == 0 && !damaged)
        {
            Problem(file, "it holds no revocation list (PEM, 'X509 CRL'): without one a stolen broker certificate "
                + "could never be refused; have the plant's CA make one, it may be empty");
        }

        return lists;
    }

    public void WarnOfAge(TrustAnchors trust, ValidityTime time)
    {
        foreach (var problem in trust.RevocationLists
            .Select(list => list.AgeProblem(time, trust.Policy)).OfType<string>())
        {
            Warning(IdentityDirectory.RevocationFile, problem);
        }
    }

    /// <summary>
    /// bundle.json says for whom the bundle was made. Keys that this version does not know are left alone.
    /// </summary>
    public void CheckBundle(string gatewayId)
    {
        const string file = IdentityDirectory.BundleFile;
        if (Read(file, FileBytesMax, "the description of the bundle that this identity came in") is not { } bytes)
        {
            return;
        }

        try
        {
            using var bundle = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            if (bundle.RootElement.ValueKind != JsonValueKind.Object)
            {
                Problem(file, "it must be a JSON object; copy the bundle again");
            }
            else if (bundle.RootElement.TryGetProperty("gateway", out var named)
                && !(named.ValueKind == JsonValueKind.String && named.ValueEquals(gatewayId)))
            {
                Problem(file, $"the bundle was made for gateway {named}, this gateway is '{gatewayId}'; "
                    + "bring the bundle that belongs here");
            }
        }
        catch (JsonException exception)
        {
            Problem(file, $"it is not JSON ({exception.Message}); copy the bundle again");
        }
    }

    /// <summary>Its public half alone where nobody wants to use it.</summary>
    private ECDsa? InTpm(string file, TpmKeyText key)
    {
        try
        {
            if (tpm is not null)
            {
                return KeysInTpm.OpenForTls(tpm, key);
            }

            IsOnlyLookedAt = true;
            var publicHalf = ECDsa.Create();
            publicHalf.ImportSubjectPublicKeyInfo(key.PublicKeyInfo, out _);
            return publicHalf;
        }
        catch (TpmException exception)
        {
            Problem(file, exception.Message);
            return null;
        }
    }

    private AsymmetricAlgorithm? ImportKey(string file, char[] text)
    {
        if (text.AsSpan().Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            Problem(file, "the key is encrypted with a passphrase, which nobody can type at a start; "
                + "let the gateway make its own key instead");
            return null;
        }

        AsymmetricAlgorithm? key = null;
        try
        {
            key = ECDsa.Create();
            key.ImportFromPem(text);
            return key;
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            key?.Dispose();
        }

        try
        {
            key = RSA.Create();
            key.ImportFromPem(text);
            return key;
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            key?.Dispose();
            Problem(file, "it holds no private key in PEM form (EC P-256 or RSA); it is damaged or another file");
            return null;
        }
    }

    private byte[]? Read(string file, int bytesMax, string what)
    {
        var path = Path.Combine(directory, file);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > bytesMax)
            {
                Problem(file, $"it is {stream.Length} bytes long, more than {what} can be ({bytesMax}); it is "
                    + "another file");
                return null;
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            Problem(file, $"it is missing: {what}; import the bundle again");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Problem(file, $"it cannot be read ({exception.Message}); the agent's user must own it");
        }

        return null;
    }
}
