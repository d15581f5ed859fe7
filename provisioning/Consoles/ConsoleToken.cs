using System.Buffers;
using System.Text.Json;
using Sluice.Provisioning.Bundles;

namespace Sluice.Provisioning.Consoles;

/// <summary>
/// What opens the console of one gateway, once: signed by the plant as a bundle is, in an envelope of its own kind. Its
/// payload is JSON:
/// <code>
/// {"v":1,"site":"plant1","gateway":"gw-042","id":"1f0c...","for":"J. Doe","from":"...Z","until":"...Z","minutes":30}
/// </code>
/// </summary>
public sealed record ConsoleToken
{
    public const int MinutesMax = 480;
    public const int PersonLettersMax = 64;
    public const int IdLetters = 32;

    public required string Site { get; init; }

    public required string Gateway { get; init; }

    /// <summary>A random number in hexadecimal: a token opens once.</summary>
    public required string Id { get; init; }

    /// <summary>Who is to use it, for the audit log.</summary>
    public required string Person { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset Until { get; init; }

    /// <summary>For how long it opens.</summary>
    public required int Minutes { get; init; }

    public static bool IsPerson(string text) => text.Trim().Length is > 0 and <= PersonLettersMax
        && text.All(letter => !char.IsControl(letter) && letter is not ('"' or '\\'));

    public byte[] Write()
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("site", Site);
            json.WriteString("gateway", Gateway);
            json.WriteString("id", Id);
            json.WriteString("for", Person);
            json.WriteString("from", PayloadField.Instant(From));
            json.WriteString("until", PayloadField.Instant(Until));
            json.WriteNumber("minutes", Minutes);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads a payload whose signature was checked.</summary>
    public static ConsoleToken? Read(ReadOnlyMemory<byte> payload, out string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 4 });
            var root = document.RootElement;
            if (root.GetProperty("v").GetInt32() != 1)
            {
                problem = "it is of a newer form than this version of the agent knows";
                return null;
            }

            var token = new ConsoleToken
            {
                Site = PayloadField.Name(root, "site"),
                Gateway = PayloadField.Name(root, "gateway"),
                Id = root.GetProperty("id").GetString() is { Length: IdLetters } id && id.All(char.IsAsciiHexDigitLower)
                    ? id : throw new FormatException("id is none"),
                Person = root.GetProperty("for").GetString() is { } person && IsPerson(person)
                    ? person : throw new FormatException("for is no name"),
                From = PayloadField.Instant(root, "from"),
                Until = PayloadField.Instant(root, "until"),
                Minutes = PayloadField.Between(root.GetProperty("minutes").GetInt32(), 1, MinutesMax),
            };
            problem = "";
            return token;
        }
        catch (Exception exception) when (PayloadField.IsMadeWrong(exception))
        {
            problem = $"whoever made it made it wrong ({exception.Message})";
            return null;
        }
    }
}
