using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Xunit;

namespace Sluice.Field.Renewal;

/// <summary>
/// The published agent at real mosquitto renews its certificate in band while 200 readings a second pass: none is
/// missing at the MES, whatever happens on the way.
/// </summary>
public sealed class Renewed : IAsyncLifetime
{
    private const int Renewals = 50;

    /// <summary>What passes without a swap before the first, to see what the pace is by itself.</summary>
    private const int UndisturbedMessages = 60;

    private static readonly TimeSpan GapMax = TimeSpan.FromSeconds(5);

    private FieldPlant plant = null!;
    private ScriptedAuthority authority = null!;

    public async ValueTask InitializeAsync()
    {
        plant = await FieldPlant.StartAsync();
        plant.Broker.WriteAcl(MosquittoBroker.AclOfTheContract + ScriptedAuthority.Acl);
        authority = await ScriptedAuthority.StartAsync(plant.Keys, plant.Broker);
        plant.Configure(plant.Configuration with
        {
            // Two signals, a hundred times a second: what the gap is measured with. Ten of them, as often as they are
            // committed, make two beats of one length, and a message each second beat: the gap is the beat then.
            MadeUp = "signal,address,type,report\n" + string.Concat(
                Enumerable.Range(0, 2).Select(number => $"wave{number},sine,float64,always\n")),
            MadeUpEvery = "10 ms",
            CommitEvery = "50 ms",
            Every = "1 s",
        });
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await authority.DisposeAsync();
        }
        finally
        {
            // Whatever went wrong there, no process of the plant stays behind.
            await plant.DisposeAsync();
        }
    }

    [Fact]
    public async Task Fifty_renewals_in_a_row_lose_no_reading_and_the_swap_is_hardly_seen()
    {
        plant.Gateway.Start();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
        var undisturbed = await UndisturbedAsync();
        var gaps = new List<Swap>();
        var serials = new HashSet<string>();
        for (var done = 0; done < Renewals; done++)
        {
            var from = TimeProvider.System.GetUtcNow().UtcDateTime;
            await RenewAsync();
            serials.Add(await SerialAsync());
            var to = TimeProvider.System.GetUtcNow().UtcDateTime;
            await Eventually.HoldsAsync(() => DataAt().Any(at => at > to), FieldPlant.Soon,
                () => $"nothing arrives after renewal {done}. {plant.Gateway.Process.Tail()}");
            gaps.Add(SwapBetween(from, to));
        }

        Assert.Equal(Renewals, serials.Count);
        await Eventually.HoldsAsync(() => authority.Confirmed.Distinct().Count() == Renewals, FieldPlant.Soon,
            () => $"{authority.Confirmed.Count} confirmed");
        Assert.Equal(0, await plant.Gateway.StopAsync());
        await plant.Mes.HasNoGapAsync(FieldPlant.Later, plant.Gateway);
        var repeated = plant.Mes.Judge((_, stream) => stream.Duplicates);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"gap over the swap, from the last message of the old session to the first of the new: "
            + $"{Spread(gaps.Select(swap => swap.Whole))}; between two messages without a swap: {Spread(undisturbed)}; "
            + $"of the gap, until the new session's birth: {Spread(gaps.Select(swap => swap.UntilBirth))}, from there "
            + $"to its readings: {Spread(gaps.Select(swap => swap.Whole - swap.UntilBirth))}; {plant.Mes.Account()}; "
            + $"repeated {repeated}"));
        Assert.True(gaps.Max(swap => swap.Whole) < GapMax, $"{gaps.Max(swap => swap.Whole)}");
        Assert.Equal(1, plant.Mes.Judge((_, stream) => stream.Stores.Count));
        Assert.Equal(2, Directory.EnumerateDirectories(
            Path.Combine(plant.Gateway.IdentityDirectory, "versions")).Count());
        await AuditFitsAsync();
    }

    [Fact]
    public async Task A_kill_at_each_step_ends_in_a_renewed_gateway_and_loses_no_reading()
    {
        string At(string name) => Path.Combine(plant.Gateway.IdentityDirectory, name);
        bool IsNew(string mark) => Directory.EnumerateDirectories(At("versions")).Any(version =>
            File.Exists(Path.Combine(version, mark))
            && !File.Exists(Path.Combine(version, "confirmed")));
        var (first, requests, confirmed) = (Current(), 0, 0);
        (string Name, Func<bool> Is)[] steps =
        [
            ("the request is out", () => authority.Requests > requests),
            ("staged", () => Path.Exists(At("staged"))),
            ("proved", () => IsNew("verified")),
            ("in use", () => Current() != first),
            ("confirmed at the authority", () => authority.Confirmed.Count > confirmed),
        ];
        foreach (var (name, isThere) in steps)
        {
            await KilledAtAsync(name, isThere, () =>
                (first, requests, confirmed) = (Current(), authority.Requests, authority.Confirmed.Count));
        }

        plant.Gateway.Start();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
        Assert.Equal(0, await plant.Gateway.StopAsync());
        await plant.Mes.HasNoGapAsync(FieldPlant.Later, plant.Gateway);
        await AuditFitsAsync();

        async Task KilledAtAsync(string name, Func<bool> isThere, Action begins)
        {
            plant.Gateway.Start();
            await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
            begins();
            var asked = ChildProcess.RunAsync(
                FieldGateway.Binary("linux-x64"), ["identity", "renew", "--socket", plant.Gateway.Socket]);
            var until = TimeProvider.System.GetTimestamp();
            while (!isThere() && TimeProvider.System.GetElapsedTime(until) < FieldPlant.Soon)
            {
                await Task.Yield();
            }

            Assert.True(isThere(), $"never {name}. {plant.Gateway.Process.Tail()}");
            await plant.Gateway.KillAsync();
            await asked;

            plant.Gateway.Start();
            await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
            await RenewAsync();
            Assert.Contains(await SerialAsync(), authority.Confirmed);
            await plant.Gateway.KillAsync();
        }
    }

    [Fact]
    public async Task The_verb_tells_each_step_and_why_it_was_not_renewed()
    {
        plant.Gateway.Start();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
        authority.Alters = bundle => [.. bundle[..^1], (byte)(bundle[^1] ^ 1)];
        var (code, text) = await VerbAsync();
        Assert.Equal(Agent.ExitCode.Unclear, code);
        Assert.Contains("FAILED  bundle: ", text);
        Assert.Contains("signature is broken", text);
        Assert.Contains("What is in use stays in use".ToLowerInvariant(), text.ToLowerInvariant());
        Assert.Contains("was not renewed", (await plant.Gateway.StatusAsync()).Text);

        authority.Alters = _ => null;
        (code, text) = await VerbAsync("--wait", "2");
        Assert.Equal(Agent.ExitCode.Unavailable, code);
        Assert.Contains("has not answered yet", text);

        // What is asked stays asked: the next verb is about the same request.
        authority.Alters = bundle => bundle;
        (code, text) = await VerbAsync();
        Assert.True(code == 0, text);
        Assert.Contains("ok      main session: runs on the new certificate", text);
        Assert.Contains("was renewed: version", text);

        Assert.Equal(0, await plant.Gateway.StopAsync());
        (code, text) = await VerbAsync();
        Assert.Equal(Agent.ExitCode.Unavailable, code);
        Assert.Contains("No agent answers", text);
    }

    private async Task RenewAsync()
    {
        var (code, text) = await VerbAsync("--json", "--wait", "30");
        Assert.True(code == 0, $"{text}\n{plant.Gateway.Process.Tail()}");
        using var json = JsonDocument.Parse(text);
        Assert.Equal("renew", json.RootElement.GetProperty("verb").GetString());
    }

    private Task<(int Code, string Text)> VerbAsync(params string[] more) => ChildProcess.RunAsync(
        FieldGateway.Binary("linux-x64"), ["identity", "renew", "--socket", plant.Gateway.Socket, .. more]);

    private async Task AuditFitsAsync()
    {
        var (code, text) = await ChildProcess.RunAsync(FieldGateway.Binary("linux-x64"),
            ["identity", "audit", "verify", "--config", plant.Gateway.ConfigurationFile]);
        Assert.True(code == 0, text);
    }

    private async Task<string> SerialAsync() =>
        (await plant.Gateway.StatusJsonAsync()).GetProperty("renewal").GetProperty("serial").GetString()!;

    private string Current() =>
        new DirectoryInfo(Path.Combine(plant.Gateway.IdentityDirectory, "current")).LinkTarget ?? "";

    private List<DateTime> DataAt() =>
        [.. plant.Mes.Arrivals.Where(arrival => arrival.Topic == "data").Select(arrival => arrival.At)];

    /// <summary>From one message to the next while nothing happens.</summary>
    private async Task<List<TimeSpan>> UndisturbedAsync()
    {
        var before = DataAt().Count;
        await Eventually.HoldsAsync(() => DataAt().Count > before + UndisturbedMessages, FieldPlant.Soon,
            () => $"nothing arrives. {plant.Gateway.Process.Tail()}");
        var data = DataAt()[before..];
        return [.. data.Zip(data.Skip(1), (one, next) => next - one)];
    }

    private static string Spread(IEnumerable<TimeSpan> spans)
    {
        var sorted = spans.Select(span => span.TotalMilliseconds).Order().ToList();
        return string.Create(
            CultureInfo.InvariantCulture, $"p50 {sorted[sorted.Count / 2]:0} ms, p99 {sorted[^1]:0} ms");
    }

    /// <summary>The time without readings around the birth of the session that the renewal began.</summary>
    private Swap SwapBetween(DateTime from, DateTime to)
    {
        var birth = plant.Mes.Arrivals.Last(arrival =>
            arrival.Topic == "birth" && arrival.At >= from && arrival.At <= to).At;
        var data = DataAt();
        var last = data.Last(at => at <= birth);
        return new Swap(data.First(at => at > birth) - last, birth - last);
    }

    /// <param name="Whole">From the last message with readings of the old session to the first of the new.</param>
    /// <param name="UntilBirth">The part of it before the new session's birth.</param>
    private readonly record struct Swap(TimeSpan Whole, TimeSpan UntilBirth);
}
