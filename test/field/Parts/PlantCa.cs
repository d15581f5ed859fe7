using System.Text.Json;

namespace Sluice.Field.Parts;

/// <summary>A plant's CA as its people have it: the published sluice-provision (out/linux-x64) and a folder.</summary>
internal sealed class PlantCa(FieldDirectory directory, string name = "ca", string site = "plant1")
{
    public const string Passphrase = "a passphrase of every day";

    /// <summary>The published file; SLUICE_PROVISION names another one, such as a debug build.</summary>
    public static string Binary =>
        Environment.GetEnvironmentVariable("SLUICE_PROVISION") is { Length: > 0 } other
            ? Path.GetFullPath(other)
            : Path.Combine(FieldDirectory.Repository(), "out", "linux-x64", "sluice-provision");

    public string Folder => directory.At(name);

    public string PassphraseFile => directory.At(name + ".passphrase");

    public string RootPassphraseFile => PassphraseFile + ".root";

    /// <summary>The short fingerprint of its root.</summary>
    public string Root { get; private set; } = "";

    /// <param name="more">Such as <c>--bundles-only</c>.</param>
    public async Task<PlantCa> MakeAsync(params string[] more)
    {
        await File.WriteAllTextAsync(PassphraseFile, Passphrase + "\n");
        await File.WriteAllTextAsync(RootPassphraseFile, "a passphrase of the safe\n");
        var made = await JsonAsync(
        [
            "ca", "init", "--site", site, "--root-passphrase-file", RootPassphraseFile, "--passphrase-file",
            PassphraseFile, .. more,
        ]);
        Root = made.GetProperty("rootFingerprint").GetString()!;
        return this;
    }

    /// <summary>The broker's files, with the CA's own access list.</summary>
    public Task<JsonElement> BrokerAsync(string host, int port, string into) => JsonAsync(
        "broker-config", "--host", host, "--address", "127.0.0.1", "--port", $"{port}", "--mes", "mes", "--ra", "ra",
        "--out", into, "--passphrase-file", PassphraseFile);

    /// <summary>Signs what lies on a stick, by the fingerprint that the gateway showed.</summary>
    public Task<JsonElement> SignAsync(string stick, string fingerprint) => JsonAsync(
        "sign", stick, "--fingerprint", fingerprint, "--passphrase-file", PassphraseFile);

    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        string[] ca = arguments[0] == "request" ? [] : ["--ca", Folder];
        var (code, text) = await ChildProcess.RunAsync(Binary, [.. arguments, .. ca, "--json"]);
        if (code != 0)
        {
            throw new InvalidOperationException($"sluice-provision {arguments[0]} ended with {code}: {text}");
        }

        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }
}
