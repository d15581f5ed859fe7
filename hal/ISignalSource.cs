using System.Collections.ObjectModel;

namespace Sluice.Hal;

/// <summary>
/// One bus or chip, seen as signals that can be read. Pulled by the sampler, from one loop: never called again before
/// the last call returned.
/// <para>
/// The contract, checked by one suite against every source: a read adds at least one reading for each signal that was
/// asked for, in order of time per signal, and none for others; what the world does wrong (silence, nonsense, a pulled
/// cable) is a reading with a quality, never an exception; a read returns within the source's own bounds however the
/// device behaves; cancellation is the only way out early.
/// </para>
/// </summary>
public interface ISignalSource : IAsyncDisposable
{
    /// <summary>The source's name in the configuration.</summary>
    string Name { get; }

    /// <summary>Everything it can read. Fixed for the source's life.</summary>
    IReadOnlyList<Signal> Signals { get; }

    /// <summary>What the source knows about itself, for status: a snapshot, cheap, from any thread.</summary>
    SourceHealth Health { get; }

    /// <summary>
    /// Where the counters that it counts itself began to count: another epoch means that one began again at 0. None for
    /// a counter that a device counts: nobody but the device knows. Fixed for the source's life.
    /// </summary>
    IReadOnlyDictionary<Signal, Guid> CounterEpochs => ReadOnlyDictionary<Signal, Guid>.Empty;

    /// <summary>Reads the signals at these indexes of <see cref="Signals"/> into <paramref name="into"/>.</summary>
    ValueTask ReadAsync(ReadOnlyMemory<int> due, ReadingBatch into, CancellationToken cancellationToken);

    /// <summary>
    /// Called on the same loop between two reads, when nothing is due for <paramref name="spare"/>: what a source wants
    /// to know besides its signals, it asks for here, and ends in time.
    /// </summary>
    ValueTask UseSpareTimeAsync(TimeSpan spare, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}

/// <summary>A source's own account of how it goes.</summary>
/// <param name="State">One word for a person: connected, connecting, silent, refused, simulated ...</param>
/// <param name="Sentence">What is wrong and what to do, or empty.</param>
/// <param name="Counters">Named counts since start: requests, timeouts, reconnects ...</param>
public sealed record SourceHealth(string State, string Sentence, IReadOnlyList<KeyValuePair<string, long>> Counters)
{
    /// <summary>What its devices told about themselves: the same list for as long as nothing changed.</summary>
    public IReadOnlyList<SourceDevice> Devices { get; init; } = [];
}
