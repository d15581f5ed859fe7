using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Xunit;

namespace Sluice.Field.Mes;

/// <summary>
/// Whether the AsyncAPI document suffices: a program in another language that knows nothing else counts what the
/// reference receiver counts.
/// </summary>
public sealed class A_foreign_consumer(ITestOutputHelper output)
{
    [Fact]
    public async Task Written_from_the_document_alone_counts_what_the_reference_receiver_counts()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Configure(plant.Configuration with { Compress = "gzip" });
        plant.Gateway.Start();
        await plant.ServesAsync(20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        Assert.Equal(0, await plant.Gateway.StopAsync());

        // Both come when the first readings are gone, and miss the same.
        var receiver = new ReferenceReceiver(plant, $"sqlite:{plant.Directory.At("mes.db")}");
        await using var ours = receiver.Start("--client", "ours");
        await plant.Broker.Process.SaysAsync("Sending SUBACK to ours", FieldPlant.Soon);
        await using var foreign = await ForeignConsumer.StartAsync(plant);
        plant.Gateway.Start();
        await plant.ServesAsync(20);
        await AgreeAsync(receiver, foreign, gone => gone.StartsWith("1-", StringComparison.Ordinal));
        var last = long.Parse(foreign.Missing.Split('-')[1], CultureInfo.InvariantCulture);

        // The foreign one asks twice: what was missing comes once, and then once more.
        await foreign.ReplayAsync(1, last);
        await foreign.ReplayAsync(1, last);
        Assert.Equal(0, await plant.Gateway.StopAsync());
        await AgreeAsync(receiver, foreign, gone => gone.Length == 0);

        var account = foreign.Account;
        output.WriteLine(account.GetRawText());
        Assert.InRange(account.GetProperty("duplicates").GetInt64(), last, long.MaxValue);
        Assert.Equal(0, account.GetProperty("contradictions").GetInt64());
        Assert.Equal("[]", account.GetProperty("faults").GetRawText());
        Assert.NotEqual(0, account.GetProperty("packed").GetInt64());
        Assert.Equal(0, (await receiver.VerifyAsync()).Code);
    }

    /// <summary>Readings, duplicates and what is missing, once both have taken in what the broker had.</summary>
    private static async Task AgreeAsync(
        ReferenceReceiver receiver, ForeignConsumer foreign, Func<string, bool> missing)
    {
        var (ours, theirs) = ("", "");
        await Eventually.HoldsAsync(
            async () =>
            {
                var proof = await receiver.ProofAsync();
                var account = foreign.Account;
                if (!account.TryGetProperty("readings", out _) || proof.GetProperty("stores").GetArrayLength() != 1)
                {
                    return false;
                }

                ours = $"{Counts(proof)}; missing {Missing(proof)}";
                theirs = $"{Counts(account)}; missing {foreign.Missing}";
                return ours == theirs && missing(foreign.Missing);
            },
            FieldPlant.Soon, () => $"they do not agree.\nours:   {ours}\ntheirs: {theirs}\n{foreign.Tail()}");
    }

    private static string Counts(JsonElement account) =>
        $"readings {account.GetProperty("readings")}, duplicates {account.GetProperty("duplicates")}";

    private static string Missing(JsonElement proof)
    {
        var store = proof.GetProperty("stores")[0];
        var ranges = store.GetProperty("open").EnumerateArray().Concat(store.GetProperty("lost").EnumerateArray());
        return string.Join(", ", ranges
            .Select(range => (From: range.GetProperty("from").GetInt64(), To: range.GetProperty("to").GetInt64()))
            .Order().Select(range => $"{range.From}-{range.To}"));
    }
}
