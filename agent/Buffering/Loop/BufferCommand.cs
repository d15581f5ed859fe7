using Sluice.Hal;

namespace Sluice.Agent.Buffering.Loop;

/// <summary>What other loops ask of the loop that owns the buffer.</summary>
internal abstract record BufferCommand
{
    /// <summary>The timer: something may be due.</summary>
    public sealed record Wake : BufferCommand
    {
        public static readonly Wake Instance = new();
    }

    /// <param name="Readings">Rented from the shared pool; the loop gives it back.</param>
    /// <param name="Count">How many of them count.</param>
    public sealed record Append(Reading[] Readings, int Count) : BufferCommand;

    public sealed record Acknowledge(StoreId Store, PositionRange Range) : BufferCommand;

    public sealed record Peek(
        StoreId Store, long From, int ReadingsMax, StoredBatch Into, TaskCompletionSource<StorageFault?> Reply)
        : BufferCommand;

    public sealed record Present(TaskCompletionSource<IReadOnlyList<PresentReading>> Reply) : BufferCommand;
}
