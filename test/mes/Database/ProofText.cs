using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Database;

/// <summary>The proof as a person reads it, or as one JSON document.</summary>
internal static class ProofText
{
    public static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(Completeness proof, TextWriter output, bool asJson)
    {
        if (asJson)
        {
            output.WriteLine(JsonSerializer.Serialize(proof, Readable));
            return;
        }

        foreach (var store in proof.Stores)
        {
            output.WriteLine(
                $"{store.Gateway} {store.Store[..Math.Min(8, store.Store.Length)]}: {Number(store.Readings)} readings "
                + $"below {store.Next}, {Number(store.Explained)} explained, {Number(Count(store.Open))} on their way, "
                + $"{Number(Count(store.Lost))} lost");
            foreach (var range in store.Lost)
            {
                var first = range.From < store.First ? $"; the gateway holds from {store.First} on" : "";
                output.WriteLine($"  lost {range}: ask for a replay{first}");
            }
        }

        output.WriteLine(
            $"{Number(proof.Readings)} readings, {Number(proof.Duplicates)} duplicates recognised, "
            + $"{Number(proof.Contradictions)} contradictions, {Number(proof.Violations)} violations of the contract: "
            + (proof.IsWhole ? "whole" : "NOT whole"));
    }

    private static long Count(IReadOnlyList<Positions> ranges) => ranges.Sum(range => range.Count);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
