using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Xunit;

namespace Sluice.Field.Uplink;

/// <summary>
/// After an outage, on a link that does not carry everything at once: live readings pass, history takes what is left
/// and never stands still, and the ledger says when it will be done.
/// </summary>
public sealed class Live_readings_first(ITestOutputHelper output)
{
    private const int Outage = 500;

    /// <summary>From its source to the MES, through commit, link and broker. A backlog takes several times as long.
    /// </summary>
    private static readonly TimeSpan LiveWithin = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task When_a_broker_is_slow_to_answer()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var cable = new SilentProxy(plant.Broker.Port);
        plant.Configure(plant.Configuration with
        {
            BrokerPort = cable.Port, MessageBytesMax = "1 KiB", RateMax = "16 KiB/s",
        });
        await AfterAnOutageAsync(
            plant, plant.Gateway,
            () =>
            {
                cable.Pull();
                return Task.CompletedTask;
            },
            async () =>
            {
                cable.Plug();
                await plant.Gateway.ConnectedAsync(FieldPlant.Later);
                cable.AnswerBytesPerSecond = 250;
            });
    }

    [Fact]
    public async Task When_the_link_is_thin()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var cables = await plant.LayCablesAsync();
        plant.Configure(plant.Configuration with { MessageBytesMax = "2 KiB" });
        await using var gateway = new FieldGateway(plant.Directory) { Inside = cables.Exec };
        await AfterAnOutageAsync(
            plant, gateway, cables.SilenceBrokerAsync,
            async () =>
            {
                // What is read takes some 4,000 of them.
                await cables.ThinBrokerAsync(bytesPerSecond: 10_000);
                await cables.HearBrokerAsync();
            });
    }

    /// <summary>Stores while the link is away, and looks at what arrives from its return to the end of the backlog.
    /// </summary>
    private async Task AfterAnOutageAsync(
        FieldPlant plant, FieldGateway gateway, Func<Task> goesAway, Func<Task> comesBack)
    {
        gateway.Start();
        await plant.ServesAsync(gateway, 10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, gateway);
        await goesAway();
        await plant.ServesAsync(gateway, Outage);
        var before = plant.Mes.Arrivals.Count;
        await comesBack();
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, gateway);

        var arrivals = plant.Mes.Arrivals.Skip(before).ToList();
        var history = arrivals.FindAll(arrival => IsData(arrival, historical: true));
        var (began, ended) = (history[0].At, history[^1].At);
        Assert.True(ended - began > LiveWithin, $"the backlog took {ended - began} only, so nothing is shown");

        // Live, while history was coming: however much of it there was.
        var live = arrivals.FindAll(
            arrival => IsData(arrival, historical: false) && arrival.At > began && arrival.At < ended);
        var late = live.Select(Age).DefaultIfEmpty(TimeSpan.MaxValue).Max();
        var pauses = history.Zip(history.Skip(1), (one, next) => next.At - one.At).Max();
        var told = arrivals.Where(arrival => arrival.Topic == "ledger" && arrival.At > began && arrival.At < ended)
            .Select(arrival => (Left: ended - arrival.At, Predicted: Predicted(arrival)))
            .Where(pair => pair.Predicted is not null).ToList();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{history.Count} messages of history in {(ended - began).TotalSeconds:F1} s, the longest pause {
                pauses.TotalSeconds:F1} s; {live.Count} live ones, at most {late.TotalSeconds:F1} s old"));
        told.ForEach(pair => output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"the ledger predicted {pair.Predicted} s, and it took {pair.Left.TotalSeconds:F1} s")));
        Assert.InRange(late, TimeSpan.Zero, LiveWithin);
        Assert.InRange(pauses, TimeSpan.Zero, LiveWithin);
        Assert.NotEmpty(told);

        // Told of what is left of a rate that is still being found out: once more the whole backlog, at worst.
        var whole = (ended - began).TotalSeconds;
        Assert.All(told, pair => Assert.InRange(
            pair.Predicted!.Value, (pair.Left.TotalSeconds / 4) - 4, (pair.Left.TotalSeconds * 4) + whole));
    }

    private static bool IsData(Arrival arrival, bool historical) =>
        arrival.Topic == "data"
        && arrival.Payload.Contains(historical ? "\"historical\":true" : "\"historical\":false");

    /// <summary>How old the oldest reading of a message was when it arrived.</summary>
    private static TimeSpan Age(Arrival arrival)
    {
        using var json = JsonDocument.Parse(arrival.Payload);
        return arrival.At - json.RootElement.GetProperty("readings").EnumerateArray()
            .Min(reading => reading.GetProperty("t").GetDateTime());
    }

    private static long? Predicted(Arrival ledger)
    {
        using var json = JsonDocument.Parse(ledger.Payload);
        return json.RootElement.TryGetProperty("catchUpSeconds", out var seconds) ? seconds.GetInt64() : null;
    }
}
