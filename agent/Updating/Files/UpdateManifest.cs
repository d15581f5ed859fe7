using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Agent.Updating.Files;

/// <summary>One part of an update: kernel, initrd or root.</summary>
/// <param name="Name">Which.</param>
/// <param name="Bytes">How long.</param>
/// <param name="Sha256">What it is, in lower-case hexadecimal.</param>
internal sealed record UpdatePart(string Name, long Bytes, string Sha256);

/// <summary>What an update says of itself, under its signature (UPDATE.md).</summary>
internal sealed record UpdateManifest
{
    public const string Kernel = "kernel";
    public const string Initrd = "initrd";
    public const string Root = "root";

    /// <summary>The part on the boot partition must leave room for those of the other slot.</summary>
    public const long BootBytesMax = 56L << 20;

    private const int OptionsMax = 1024;
    private const int Sha256Letters = 64;
    private static readonly string[] PartNames = [Kernel, Initrd, Root];

    /// <summary>Which image it is for, as its os-release says IMAGE_ID.</summary>
    public required string Image { get; init; }

    /// <summary>For which kind of board, as its os-release says VARIANT_ID.</summary>
    public required string Board { get; init; }

    public required string Architecture { get; init; }

    public required string Version { get; init; }

    /// <summary>The kernel's command line but for the slot.</summary>
    public required string Options { get; init; }

    public required IReadOnlyList<UpdatePart> Parts { get; init; }

    [JsonIgnore]
    public long PartsBytes => Parts.Sum(part => part.Bytes);

    public UpdatePart Part(string name) => Parts.First(part => part.Name == name);

    /// <summary>The manifest, or what is wrong with it. It was signed: what is wrong was made wrong.</summary>
    public static (UpdateManifest? Manifest, string Problem) Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize(json, UpdateJson.Default.UpdateManifest);
            var problem = manifest is null ? "it is empty" : manifest.Problem();
            return problem.Length > 0 ? (null, problem) : (manifest, "");
        }
        catch (JsonException wrong)
        {
            return (null, wrong.Message);
        }
    }

    private string Problem() =>
        !SoftwareVersion.TryParse(Version, out _) ? $"\"{Version}\" is no version"
        : Options.Length > OptionsMax || Options.Any(letter => letter is < ' ' or > '~')
            ? "its options are no command line"
        : !Parts.Select(part => part.Name).SequenceEqual(PartNames)
            ? $"its parts are not {string.Join(", ", PartNames)}"
        : Parts.Any(part => part.Bytes <= 0 || part.Sha256.Length != Sha256Letters || !part.Sha256.All(IsHex))
            ? "a part has no length or no checksum"
        : Part(Kernel).Bytes + Part(Initrd).Bytes > BootBytesMax ? "kernel and initrd are too large for two of them"
        : "";

    private static bool IsHex(char letter) => letter is (>= '0' and <= '9') or (>= 'a' and <= 'f');
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(UpdateManifest))]
[JsonSerializable(typeof(Trial.UpdateRecord))]
internal sealed partial class UpdateJson : JsonSerializerContext;
