using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Mes.Schemas;

/// <summary>
/// One node of a JSON Schema (draft 7), compiled: which values it allows. Closed: a member that the schema does not
/// name is a fault, because this receiver is a judge of what the agent sends (an MES would ignore it). A keyword
/// that this class does not know is refused when the schema is read, so that nothing stands in a schema and is not
/// looked at.
/// <para>
/// Written here because the packages tried either do not restore or throw at whole numbers above 2^63, which the
/// contract sends.
/// </para>
/// </summary>
internal sealed class SchemaNode
{
    private readonly HashSet<string> types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SchemaNode> members = new(StringComparer.Ordinal);
    private readonly List<string> required = [];
    private readonly List<string> oneOfThese = [];
    private SchemaNode? items;
    private SchemaNode? target;
    private Regex? pattern;
    private long? minimum;
    private int lengthMin;
    private int countMin;
    private int countMax = int.MaxValue;

    /// <param name="schema">The schema as JSON.</param>
    /// <param name="follow">Gives the node that a reference names.</param>
    public static SchemaNode Read(JsonElement schema, Func<string, SchemaNode> follow)
    {
        var node = new SchemaNode();
        foreach (var keyword in schema.EnumerateObject())
        {
            node.Take(keyword.Name, keyword.Value, follow);
        }

        return node;
    }

    public void Judge(JsonElement value, string where, List<string> faults)
    {
        if (target is not null)
        {
            target.Judge(value, where, faults);
            return;
        }

        if (types.Count > 0 && !types.Any(type => Is(value, type)))
        {
            faults.Add($"{where}: {value.ValueKind} is not {string.Join(" or ", types)}");
            return;
        }

        if (oneOfThese.Count > 0 && !oneOfThese.Contains(value.GetRawText()))
        {
            faults.Add($"{where}: {value.GetRawText()} is not one of {string.Join(", ", oneOfThese)}");
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                JudgeMembers(value, where, faults);
                break;
            case JsonValueKind.Array:
                JudgeItems(value, where, faults);
                break;
            case JsonValueKind.String when pattern?.IsMatch(value.GetString()!) == false
                || value.GetString()!.Length < lengthMin:
                faults.Add($"{where}: '{value.GetString()}' has not the form that the schema asks for");
                break;
            case JsonValueKind.Number when minimum is { } least && value.GetDouble() < least:
                faults.Add($"{where}: {value.GetRawText()} is below {least}");
                break;
        }
    }

    private static bool Is(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && decimal.TryParse(
            value.GetRawText(), System.Globalization.NumberStyles.AllowLeadingSign,
            System.Globalization.CultureInfo.InvariantCulture, out _),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => throw new InvalidOperationException($"JSON Schema has no type '{type}'."),
    };

    private void JudgeMembers(JsonElement value, string where, List<string> faults)
    {
        foreach (var name in required)
        {
            if (!value.TryGetProperty(name, out _))
            {
                faults.Add($"{where}: '{name}' is missing");
            }
        }

        if (members.Count == 0)
        {
            return;
        }

        foreach (var member in value.EnumerateObject())
        {
            if (members.TryGetValue(member.Name, out var node))
            {
                node.Judge(member.Value, $"{where}.{member.Name}", faults);
            }
            else
            {
                faults.Add($"{where}: '{member.Name}' is not in the schema");
            }
        }
    }

    private void JudgeItems(JsonElement value, string where, List<string> faults)
    {
        var count = value.GetArrayLength();
        if (count < countMin || count > countMax)
        {
            faults.Add($"{where}: {count} items, {countMin} to {countMax} are allowed");
        }

        if (items is null)
        {
            return;
        }

        foreach (var item in value.EnumerateArray())
        {
            items.Judge(item, where, faults);
        }
    }

    private void Take(string keyword, JsonElement value, Func<string, SchemaNode> follow)
    {
        switch (keyword)
        {
            case "$schema" or "$id" or "title" or "description" or "definitions" or "examples":
                break;
            case "$ref":
                target = follow(value.GetString()!);
                break;
            case "type" when value.ValueKind == JsonValueKind.Array:
                types.UnionWith(value.EnumerateArray().Select(type => type.GetString()!));
                break;
            case "type":
                types.Add(value.GetString()!);
                break;
            case "required":
                required.AddRange(value.EnumerateArray().Select(name => name.GetString()!));
                break;
            case "properties":
                foreach (var member in value.EnumerateObject())
                {
                    members.Add(member.Name, Read(member.Value, follow));
                }

                break;
            case "items":
                items = Read(value, follow);
                break;
            case "enum":
                oneOfThese.AddRange(value.EnumerateArray().Select(each => each.GetRawText()));
                break;
            default:
                TakeBound(keyword, value);
                break;
        }
    }

    private void TakeBound(string keyword, JsonElement value)
    {
        switch (keyword)
        {
            case "pattern":
                pattern = new Regex(value.GetString()!, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);
                break;
            case "minimum":
                minimum = value.GetInt64();
                break;
            case "minLength":
                lengthMin = value.GetInt32();
                break;
            case "minItems":
                countMin = value.GetInt32();
                break;
            case "maxItems":
                countMax = value.GetInt32();
                break;
            default:
                throw new NotSupportedException($"The judge does not know the keyword '{keyword}' of JSON Schema.");
        }
    }
}
