using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Agent.Posture;

namespace Sluice.Release.Components;

/// <summary>
/// A program's component list as CycloneDX 1.5, which scanners for known weaknesses read. The same program, commit and
/// date give the same bytes.
/// </summary>
internal sealed class BillOfMaterials(Component program, IReadOnlyList<Component> parts, PackageLock locked)
{
    private const string OwnLicence = "Apache-2.0";

    /// <summary>The moment that the release bears: that of its commit.</summary>
    public required DateTimeOffset Made { get; init; }

    public required string Commit { get; init; }

    /// <summary>The hash of the list as a gateway's posture tells it: by it a running agent is found in a release.
    /// </summary>
    private string Hash { get; } = new ComponentList(parts.Append(program).Select(each => each.Line)).Hash;

    public required IReadOnlyDictionary<Component, LicenceFacts> Licences { get; init; }

    public byte[] Write()
    {
        using var stream = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n" };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            json.WriteString("bomFormat", "CycloneDX");
            json.WriteString("specVersion", "1.5");
            json.WriteString("serialNumber", $"urn:uuid:{SerialNumber()}");
            json.WriteNumber("version", 1);
            WriteMetadata(json);
            json.WriteStartArray("components");
            foreach (var part in parts)
            {
                WriteComponent(json, part, "library", Licences[part].Id);
            }

            json.WriteEndArray();
            WriteDependencies(json);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private void WriteMetadata(Utf8JsonWriter json)
    {
        json.WriteStartObject("metadata");
        json.WriteString("timestamp", Made.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        WriteComponent(json, program, "application", OwnLicence, "component");
        json.WriteStartArray("properties");
        WriteProperty(json, "sluice:commit", Commit);
        WriteProperty(json, "sluice:componentsHash", Hash);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteProperty(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private void WriteComponent(
        Utf8JsonWriter json, Component component, string type, string licence, string? property = null)
    {
        if (property is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(property);
        }

        json.WriteString("type", type);
        json.WriteString("bom-ref", Reference(component));
        json.WriteString("name", component.Name);
        json.WriteString("version", component.Version);
        if (locked.Sha512(component.Name) is { } hash)
        {
            json.WriteStartArray("hashes");
            json.WriteStartObject();
            json.WriteString("alg", "SHA-512");
            json.WriteString("content", hash);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteStartArray("licenses");
        json.WriteStartObject();
        json.WriteStartObject("license");
        json.WriteString("id", licence);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        if (component.Name == Component.Runtime)
        {
            json.WriteString("cpe", $"cpe:2.3:a:microsoft:.net:{component.Version}:*:*:*:*:*:*:*");
        }

        if (component != program)
        {
            json.WriteString("purl", component.Purl);
        }

        json.WriteEndObject();
    }

    private void WriteDependencies(Utf8JsonWriter json)
    {
        json.WriteStartArray("dependencies");
        Write(program, locked.Direct.Append(Component.Runtime));
        foreach (var part in parts)
        {
            Write(part, locked.Wants(part.Name));
        }

        json.WriteEndArray();

        void Write(Component component, IEnumerable<string> wanted)
        {
            json.WriteStartObject();
            json.WriteString("ref", Reference(component));
            json.WriteStartArray("dependsOn");
            var names = wanted.ToHashSet(StringComparer.OrdinalIgnoreCase);
            foreach (var part in parts.Where(part => names.Contains(part.Name)))
            {
                json.WriteStringValue(Reference(part));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private string Reference(Component component) =>
        component == program ? $"{component.Name}@{component.Version}" : component.Purl;

    /// <summary>A name for this very list, made of what it lists: no dice, or no two releases are the same.</summary>
    private Guid SerialNumber()
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Commit}\n{program.Line}\n{Hash}\n"))[..16];
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);      // version 8: of its maker's own making
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash, bigEndian: true);
    }
}
