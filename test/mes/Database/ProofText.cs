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

        Write(proof.Recordings, output);
        output.WriteLine(
            $"{Number(proof.Readings)} readings, {Number(proof.Duplicates)} duplicates recognised, "
            + $"{Number(proof.Contradictions)} contradictions, {Number(proof.Violations)} violations of the contract: "
            + (proof.IsWhole ? "whole" : "NOT whole"));
    }

    private static void Write(Recordings of, TextWriter output)
    {
        foreach (var (gateway, gap) in of.Gaps)
        {
            output.WriteLine($"{gateway}: {gap}");
        }

        foreach (var (gateway, step) in of.Steps)
        {
            output.WriteLine(
                $"{gateway}: the clock was moved by {Seconds(step.OffsetMilliseconds)} and showed {step.At:u}"
                + (step.IsSet ? "" : ", and was not set"));
        }

        foreach (var (gateway, store, rule) in of.Corrections)
        {
            output.WriteLine(
                $"{gateway} {store[..Math.Min(8, store.Length)]}: {Seconds(rule.OffsetMilliseconds)} were added to the "
                + $"times of {rule.Range}, because the clock was not set");
        }

        if (of.Interrupted > of.Gaps.Count || of.Stepped > of.Steps.Count)
        {
            output.WriteLine(
                $"the ledgers count {Number(of.Interrupted)} interruptions and {Number(of.Stepped)} steps of the "
                + "clock: what is not listed was never received");
        }
    }

    private static string Seconds(long milliseconds) =>
        (milliseconds / 1000.0).ToString("+0.000;-0.000", CultureInfo.InvariantCulture) + " s";

    private static long Count(IReadOnlyList<Positions> ranges) => ranges.Sum(range => range.Count);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
