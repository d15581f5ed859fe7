using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>Somebody who stores readings and says when they are durable.</summary>
internal interface IContestant : IDisposable
{
    /// <summary>Takes readings in; nothing is durable yet.</summary>
    void Append(ReadOnlySpan<Reading> readings);

    /// <summary>Makes everything durable.</summary>
    void Commit();

    /// <summary>fdatasync and fsync calls so far; negative where nobody counts them.</summary>
    long Syncs { get; }
}
