using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Plant.Day;
using Xunit;

namespace Sluice.Field.Day;

/// <summary>What is left of a day of faults: asks for what is missing, then judges.</summary>
internal sealed class DayEnd(DayPlant plant, Action<string, string> tell)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>How long it waits for what is missing before it asks.</summary>
    private static readonly TimeSpan PatienceOfTheMes = TimeSpan.FromSeconds(4);

    // Twenty messages a second into a queue of twenty.
    private static readonly TimeSpan AwayAtTheEnd = TimeSpan.FromSeconds(4);

    /// <summary>Values that are shown where some are wrong or missing.</summary>
    private const int Shown = 20;

    private const long StepSlackMilliseconds = 100;

    /// <summary>
    /// Until <c>sluice-mes verify</c> says that nothing is missing without a reason. What stays away while younger
    /// readings arrive is asked for with <c>sluice-mes replay</c>, as an MES team would. Returns how often. What the
    /// gateway has stored by now must be judged: a proof against an old ledger says nothing of it.
    /// </summary>
    public async Task<int> IsWholeAsync(TimeSpan within)
    {
        var began = TimeProvider.System.GetTimestamp();
        await plant.Gateway.ConnectedAsync(within);
        var stored = (await plant.Gateway.StatusJsonAsync()).GetProperty("buffer").GetProperty("stores")
            .EnumerateArray().Select(Next).ToList();
        var waited = TimeProvider.System.GetTimestamp();
        for (var asked = 0; ;)
        {
            var judged = (await plant.Receiver.ProofAsync()).GetProperty("stores").EnumerateArray().Select(Next);
            var (code, text) = await plant.Receiver.VerifyAsync();
            if (code == 0 && stored.All(store => judged.Any(next => next.Store == store.Store && next.At >= store.At)))
            {
                tell($"the MES is whole after {asked} replays: {text.Split('\n')[^1]}", "");
                return asked;
            }

            if (TimeProvider.System.GetElapsedTime(began) > within)
            {
                throw new TimeoutException($"The MES is not whole:\n{text}");
            }

            if (TimeProvider.System.GetElapsedTime(waited) > PatienceOfTheMes)
            {
                asked++;
                var (replayed, said) = await plant.Receiver.ReplayAsync();
                tell($"{text}\nreplay {asked} ended with {replayed}", said);
                waited = TimeProvider.System.GetTimestamp();
            }

            await Task.Delay(LookEvery);
        }
    }

    /// <summary>
    /// Once more the MES is away for longer than the broker's queue holds, and this time nothing else happens: the
    /// gateway has no reason to send anything again, so that what the broker threw away comes by a replay or never.
    /// </summary>
    public async Task OnlyAReplayMakesItWholeAsync(TimeSpan within)
    {
        await plant.KillReceiverAsync();
        await Task.Delay(AwayAtTheEnd);
        plant.StartReceiver();
        var replays = await IsWholeAsync(within);
        Assert.True(replays > 0, "The broker threw nothing away, so nothing is shown.");
    }

    /// <summary>The plant's own record against the MES's table and the gateway's ledger.</summary>
    public async Task IsRightAsync(IReadOnlyList<GivenValue> given, DayFaults faults)
    {
        using var ledger = JsonDocument.Parse(await LedgerAsync());
        var gaps = Told(ledger.RootElement, "gaps").Select(gap => new ToldGap(
            Moment(gap, "from"), Moment(gap, "to"), gap.GetProperty("lossMs").GetInt64())).ToList();
        var (kept, verdict) = await JudgedAsync(given, gaps);
        Table(verdict, gaps, faults);
        string[] faulty =
        [
            .. verdict.Wrong,
            .. verdict.Unexplained.Select(value => $"{value}: neither at the MES nor in the ledger"),
            .. WrongConstants(given, kept).Select(reading => $"{reading}: the plant never gave this value"),
        ];
        Assert.True(faulty.Length == 0, $"{faulty.Length} faulty:\n{string.Join('\n', faulty.Take(Shown))}\n"
            + $"{string.Join('\n', gaps)}\n{string.Join('\n', plant.Clock.Course.Steps)}");
        Assert.InRange(verdict.Arrived, given.Count * 3 / 4, given.Count);

        // The ledger tells of each kill that cut something short, and of no step that nobody made.
        var silences = Told(ledger.RootElement, "gaps")
            .Count(gap => gap.GetProperty("reason").GetString() != "Volatile");
        Assert.InRange(silences, Math.Min(1, faults.Kills.Count), faults.Kills.Count);
        var steps = Told(ledger.RootElement.GetProperty("clock"), "steps");
        Assert.NotEmpty(steps);
        Assert.All(steps, step => Assert.True(WasMade(step.GetProperty("offsetMs").GetInt64()), step.GetRawText()));

        // Each fault that can be noticed was noticed at least once: this was no quiet day.
        Assert.Contains("queues that overflowed", faults.Seen);
        Assert.Contains("revocations that the gateway told of", faults.Seen);
    }

    /// <summary>The proof ends at the last ledger's next; what was read behind it is still on its way.</summary>
    private async Task<(IReadOnlyList<KeptReading> Kept, DayVerdict Verdict)> JudgedAsync(
        IReadOnlyList<GivenValue> given, List<ToldGap> gaps)
    {
        for (var began = TimeProvider.System.GetTimestamp(); ; await Task.Delay(LookEvery))
        {
            var kept = await plant.KeptAsync();
            var verdict = DayVerdict.Of(
                given, kept, gaps, await plant.EndedMemoriesAsync(), plant.Clock.Course);
            if (verdict.Unexplained.Count == 0 || TimeProvider.System.GetElapsedTime(began) > FieldPlant.Soon)
            {
                return (kept, verdict);
            }
        }
    }

    private static (string Store, long At) Next(JsonElement store) =>
        (store.GetProperty("store").GetString()!, store.GetProperty("next").GetInt64());

    private async Task<string> LedgerAsync()
    {
        var (certificate, key) = plant.Keys.Client("mes");
        var (code, text) = await ChildProcess.RunAsync(
            "/usr/bin/mosquitto_sub", "-h", "127.0.0.1", "-p", plant.Broker.Port.ToString(CultureInfo.InvariantCulture),
            "--cafile", plant.Broker.Files.Authority, "--cert", certificate, "--key", key, "-V", "mqttv5",
            "-i", "mes-look", "-C", "1", "-W", "20", "-t", $"sluice/v1/plant1/{FieldGateway.Id}/ledger");
        return code == 0 ? text : throw new InvalidOperationException($"No ledger at the broker: {text}");
    }

    private void Table(DayVerdict verdict, List<ToldGap> gaps, DayFaults faults)
    {
        foreach (var (what, count) in faults.Seen)
        {
            tell($"{count,6} {what}", "");
        }

        tell($"{gaps.Count,6} intervals of which the ledger says that nothing was recorded", "");
        tell($"{verdict.Given,6} values given by the plant: {verdict.Arrived} arrived, {verdict.TooLate} answered too "
            + $"late (Bad at the MES), {verdict.InGaps} in an interval of the ledger, {verdict.WithMemory} in a memory "
            + $"that ended with its run, {verdict.Unexplained.Count} unexplained, {verdict.Wrong.Count} wrong", "");
    }

    /// <summary>What does not count: constants, and the half that is read in one piece with its counter.</summary>
    private static IEnumerable<KeptReading> WrongConstants(
        IReadOnlyList<GivenValue> given, IReadOnlyList<KeptReading> kept)
    {
        var counts = given.Select(value => (value.Signal[..value.Signal.IndexOf('/')], value.Count)).ToHashSet();
        return kept.Where(reading => reading.Quality == "Good").Where(reading =>
        {
            var (device, signal) = (reading.Signal.Split('/')[0], reading.Signal.Split('/')[1]);
            return !(signal switch
            {
                "count" => true,
                "half" => counts.Contains((device, Twice(reading.Value))),
                "below" => reading.Value == "-2",
                "name" => reading.Value == "\"pymodbus\"",
                "level" => reading.Value == "1234",
                "running" => reading.Value == "true",
                _ => false,
            });
        });
    }

    private static long Twice(string half) => (long)(2 * double.Parse(half, CultureInfo.InvariantCulture));

    /// <summary>As one step, or as two that the gateway saw as one because it was away between them.</summary>
    private bool WasMade(long offset)
    {
        var steps = plant.Clock.Course.Steps.Select(step => step.By).ToList();
        return steps.Concat(steps.Zip(steps.Skip(1), (one, next) => one + next))
            .Any(made => Math.Abs(made - offset) < StepSlackMilliseconds);
    }

    private static List<JsonElement> Told(JsonElement of, string list) =>
        of.TryGetProperty(list, out var items) ? [.. items.EnumerateArray()] : [];

    private static long Moment(JsonElement gap, string name) =>
        gap.GetProperty(name).GetDateTimeOffset().ToUnixTimeMilliseconds();
}
