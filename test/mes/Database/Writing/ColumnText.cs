using System.Globalization;
using System.Text.Json;
using Sluice.Mes.Schemas;

namespace Sluice.Mes.Database.Writing;

/// <summary>Times and values as texts in columns, as the wire had them.</summary>
internal static class ColumnText
{
    public static string Of(DateTime utc) =>
        utc.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string Clock(bool isSet) => isSet ? "Set" : "NotSet";

    /// <summary>The value with all its digits, as the wire had it; a text as JSON, so that it is not taken for one.
    /// </summary>
    public static string Value(in MesReading reading) =>
        reading.ValueKind == JsonValueKind.String ? JsonSerializer.Serialize(reading.Value) : reading.Value;
}
