using System.Text.Json;
using Sluice.Agent.Posture;

namespace Sluice.Release.Components;

/// <summary>A program's component list: what NuGet resolved for it.</summary>
internal sealed class BillOfMaterials(Component program, IReadOnlyList<Component> parts, PackageLock locked)
{
    /// <summary>The moment that the release bears: that of its commit.</summary>
    public required DateTimeOffset Made { get; init; }

    public required string Commit { get; init; }

    /// <summary>The hash of the list as a gateway's posture tells it: by it a running agent is found in a release.
    /// </summary>
    private string Hash { get; } = new ComponentList(parts.Append(program).Select(each => each.Line)).Hash;

    public required IReadOnlyDictionary<Component, LicenceFacts> Licences { get; init; }

    public byte[] Write() => CycloneDx.Write(
        $"{Commit}\n{program.Line}\n{Hash}\n",
        Made,
        json =>
        {
            json.WriteStartObject("component");
            WriteComponent(json, program, "application", CycloneDx.OwnLicence);
            json.WriteProperties(("sluice:commit", Commit), ("sluice:componentsHash", Hash));
        },
        json =>
        {
            json.WriteStartArray("components");
            foreach (var part in parts)
            {
                json.WriteStartObject();
                WriteComponent(json, part, "library", Licences[part].Id);
            }

            json.WriteEndArray();
            WriteDependencies(json);
        });

    private void WriteComponent(Utf8JsonWriter json, Component component, string type, string licence)
    {
        json.WriteString("type", type);
        json.WriteString("bom-ref", Reference(component));
        json.WriteString("name", component.Name);
        json.WriteString("version", component.Version);
        if (locked.Sha512(component.Name) is { } hash)
        {
            json.WriteHash("SHA-512", hash);
        }

        json.WriteLicence(licence);
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
            var names = wanted.ToHashSet(StringComparer.OrdinalIgnoreCase);
            json.WriteDependency(
                Reference(component), parts.Where(part => names.Contains(part.Name)).Select(Reference));
        }
    }

    private string Reference(Component component) =>
        component == program ? $"{component.Name}@{component.Version}" : component.Purl;
}
