using System.Buffers;
using System.Text.Json;

namespace Sluice.Provisioning.Bundles;

/// <summary>
/// What a bundle may bring beside the certificate: a gateway's configuration and its signal lists, as bytes. Whether
/// they are right is for the gateway to say, by the agent's own rules. Also a file of an installed version, which says
/// in whose place it counts.
/// </summary>
public sealed record BundleConfiguration(
    ReadOnlyMemory<byte> Gateway, IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Lists)
{
    /// <summary>All files together; 20,000 signals have less.</summary>
    public const int BytesMax = 2 << 20;

    public const int ListsMax = 64;

    /// <summary>In base64, and what is around it.</summary>
    public const int FileBytesMax = BytesMax / 3 * 4 + (64 << 10);

    private const int NameCharactersMax = 200;

    /// <summary>
    /// SHA-256 of the configuration on the gateway, over which it was laid: it counts until somebody changes that one.
    /// Empty in a bundle.
    /// </summary>
    public string Over { get; init; } = "";

    /// <summary>A name of a list: below gateway.json, and nowhere else.</summary>
    public static bool IsListName(string name) => name.Length is > 0 and <= NameCharactersMax
        && name.Split('/').All(part => part is not ("" or "." or "..")
            && part.All(letter => !char.IsControl(letter) && letter != '\\'));

    /// <summary>The file that an installed version keeps.</summary>
    public byte[] WriteFile()
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("over", Over);
            WriteInto(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Null and a sentence where it is no such file.</summary>
    public static BundleConfiguration? ReadFile(ReadOnlyMemory<byte> bytes, out string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            PayloadField.Between(root.GetProperty("v").GetInt32(), 1, 1);
            problem = "";
            return Read(root.GetProperty("configuration")) with { Over = root.GetProperty("over").GetString() ?? "" };
        }
        catch (Exception exception) when (PayloadField.IsMadeWrong(exception))
        {
            problem = exception.Message;
            return null;
        }
    }

    internal void WriteInto(Utf8JsonWriter json)
    {
        json.WriteStartObject("configuration");
        json.WriteBase64String("gateway", Gateway.Span);
        json.WriteStartObject("lists");
        foreach (var (name, list) in Lists)
        {
            json.WriteBase64String(name, list.Span);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Throws what <see cref="PayloadField.IsMadeWrong"/> knows.</summary>
    internal static BundleConfiguration Read(JsonElement configuration)
    {
        var lists = configuration.GetProperty("lists").EnumerateObject().Take(ListsMax + 1)
            .Select(each => KeyValuePair.Create(each.Name, (ReadOnlyMemory<byte>)each.Value.GetBytesFromBase64()))
            .ToList();
        var read = new BundleConfiguration(configuration.GetProperty("gateway").GetBytesFromBase64(), lists);
        PayloadField.Between(lists.Count, 0, ListsMax);
        if (lists.Select(each => each.Key).Distinct(StringComparer.Ordinal).Count() != lists.Count
            || !lists.TrueForAll(each => IsListName(each.Key)))
        {
            throw new FormatException("the name of a signal list is none, or is there twice");
        }

        return read.Gateway.Length + lists.Sum(each => (long)each.Value.Length) <= BytesMax
            ? read
            : throw new FormatException($"the configuration has more than {BytesMax >> 20} MiB");
    }
}
