using Sluice.Provisioning.Keys;

namespace Sluice.Agent.Binding;

/// <summary>
/// Whether this machine has a TPM, so that whoever makes a key hears what protects it and what does not.
/// </summary>
internal static class TpmChip
{
    private const string Folder = "sys/class/tpm/tpm0";

    /// <summary>Its version as the kernel says it; null where there is none.</summary>
    /// <param name="root">Where the machine's files are: /.</param>
    public static string? Version(string root = "/")
    {
        var folder = Path.Combine(root, Folder);
        if (!Directory.Exists(folder))
        {
            return null;
        }

        try
        {
            var major = File.ReadAllText(Path.Combine(folder, "tpm_version_major")).Trim();
            return major == "2" ? "2.0" : "1.2";
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            // Kernels before 5.6 do not say it.
            return "of a version that the kernel does not tell";
        }
    }

    /// <summary>What protects a key that was just made.</summary>
    public static string Protection(string? version) =>
        version is null ? "a file of mode 0600" : $"a file of mode 0600; the TPM {version} is not used";

    /// <summary>What protects a key that was made in it.</summary>
    public static string Holds(string? version, uint handle) =>
        $"this board's TPM {version ?? "2.0"} at {TpmKeyText.NameOf(handle)}";

    /// <summary>For a person, where there is a TPM and the configuration wants a file.</summary>
    public static string? Note(string? version) => version is null ? null
        : $"This machine has a TPM {version}; the key is in a file all the same, because the configuration says so: "
            + "\"key\": \"tpm\" (identity) makes the next one there, where OpenSSL's provider is new enough. Who takes "
            + "the card has the key.";
}
