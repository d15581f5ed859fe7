using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Hal;

/// <summary>A source to be put to the test, and whatever stands behind it.</summary>
/// <param name="Source">The source.</param>
/// <param name="ReadBound">No read may last longer.</param>
/// <param name="Behind">Simulated devices, ended after the source.</param>
public sealed record SourceUnderTest(ISignalSource Source, TimeSpan ReadBound, params IAsyncDisposable[] Behind)
    : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        foreach (var each in Behind)
        {
            await each.DisposeAsync();
        }
    }
}

/// <summary>
/// What <see cref="ISignalSource"/> promises, demanded of every source, on good days and bad ones: a class that derives
/// from this one for each. A new kind of source adds one.
/// </summary>
public abstract class SourceContract
{
    /// <summary>At least two signals.</summary>
    protected abstract SourceUnderTest Make();

    /// <summary>Whether the device behaves: every value Good.</summary>
    protected abstract bool IsWell { get; }

    [Fact]
    public async Task A_read_adds_readings_for_the_signals_asked_for_and_for_no_other()
    {
        await using var made = Make();
        var count = made.Source.Signals.Count;
        int[][] asked = [[.. Enumerable.Range(0, count)], [0], [count - 1], [count - 1, 0], []];
        foreach (var due in asked)
        {
            var read = (await ReadAsync(made, due)).Select(each => each.Signal).Distinct().OrderBy(each => each.Name);
            Assert.Equal(due.Select(each => made.Source.Signals[each]).OrderBy(each => each.Name), read);
        }
    }

    [Fact]
    public async Task A_reading_is_good_and_has_a_value_of_its_type_or_says_why_not()
    {
        await using var made = Make();
        for (var index = 0; index < 3; index++)
        {
            foreach (var reading in await ReadAsync(made))
            {
                Assert.True(reading.Quality.IsGood || !IsWell, reading.ToString());
                Assert.Equal(reading.Quality.IsGood, reading.Quality.Reason == QualityReason.None);
                Assert.True(Enum.IsDefined(reading.Quality.Reason));
                Assert.True(!reading.Quality.IsGood || Fits(reading), reading.ToString());
                Assert.True(reading.Quality.Level != QualityLevel.Bad || reading.Value.Kind == ValueKind.None);
            }
        }
    }

    [Fact]
    public async Task Timestamps_are_utc_whole_milliseconds_of_the_read_and_ascend_for_each_signal()
    {
        await using var made = Make();
        var last = new Dictionary<Signal, DateTime>();
        for (var index = 0; index < 3; index++)
        {
            var before = Reading.Stamp(TimeProvider.System);
            foreach (var reading in await ReadAsync(made))
            {
                Assert.Equal(DateTimeKind.Utc, reading.SourceTimestamp.Kind);
                Assert.Equal(0, reading.SourceTimestamp.Ticks % TimeSpan.TicksPerMillisecond);
                Assert.InRange(reading.SourceTimestamp, before, Reading.Stamp(TimeProvider.System));
                Assert.True(reading.SourceTimestamp >= last.GetValueOrDefault(reading.Signal));
                last[reading.Signal] = reading.SourceTimestamp;
            }
        }
    }

    [Fact]
    public async Task A_read_never_throws_and_never_lasts_longer_than_its_bound()
    {
        await using var made = Make();
        for (var index = 0; index < 8; index++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await ReadAsync(made);
            Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, made.ReadBound);
        }
    }

    [Fact]
    public async Task A_read_that_is_cancelled_ends_at_once_and_the_next_one_is_whole()
    {
        await using var made = Make();
        using var stop = new CancellationTokenSource();
        var batch = new ReadingBatch();
        var reading = made.Source.ReadAsync(All(made), batch, stop.Token).AsTask();
        await stop.CancelAsync();
        try
        {
            await reading.WaitAsync(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            // It was still under way; had it ended before, that is as good.
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await made.Source.ReadAsync(All(made), batch, stop.Token));
        Assert.Equal(made.Source.Signals.Count, (await ReadAsync(made)).Length);
    }

    [Fact]
    public async Task Its_health_can_be_asked_at_any_time_and_its_counters_keep_their_names()
    {
        await using var made = Make();
        var before = made.Source.Health;
        await ReadAsync(made);
        var after = made.Source.Health;
        Assert.NotEmpty(before.State);
        Assert.NotEmpty(after.State);
        Assert.True(IsWell || after.Sentence.Length > 0, "what is wrong must be said");
        Assert.Equal(before.Counters.Select(each => each.Key), after.Counters.Select(each => each.Key));
        Assert.Contains(after.Counters, each => each.Value > 0);
    }

    [Fact]
    public async Task Disposing_it_twice_does_no_harm()
    {
        await using var made = Make();
        await ReadAsync(made);
        await made.Source.DisposeAsync();
        await made.Source.DisposeAsync();
        Assert.NotEmpty(made.Source.Health.State);
    }

    private static int[] All(SourceUnderTest made) => [.. Enumerable.Range(0, made.Source.Signals.Count)];

    private static async Task<Reading[]> ReadAsync(SourceUnderTest made, int[]? due = null)
    {
        var batch = new ReadingBatch();
        await made.Source.ReadAsync(due ?? All(made), batch, TestContext.Current.CancellationToken);
        return batch.Readings.ToArray();
    }

    private static bool Fits(Reading reading) => reading.Signal.Type.Kind switch
    {
        SignalKind.Bool => reading.Value.Kind == ValueKind.Boolean,
        SignalKind.String => reading.Value.Kind == ValueKind.Text,
        SignalKind.Float32 => reading.Value.Kind is ValueKind.Single or ValueKind.Double,
        SignalKind.Float64 => reading.Value.Kind == ValueKind.Double,
        SignalKind.Int16 or SignalKind.Int32 or SignalKind.Int64 =>
            reading.Value.Kind is ValueKind.Signed or ValueKind.Double,
        _ => reading.Value.Kind is ValueKind.Unsigned or ValueKind.Double,
    };
}
