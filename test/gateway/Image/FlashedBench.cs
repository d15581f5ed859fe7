using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Gateway.Image;

/// <summary>
/// Where a flashed gateway lies between its installer's broker and panel: each test has a bench of its own, with a disk
/// that was just flashed and a machine that is off.
/// </summary>
public abstract class FlashedBench : IAsyncLifetime
{
    /// <summary>A start takes 20 s on a quiet machine; on a busy one it was seen to take two minutes.</summary>
    protected static readonly TimeSpan StartMax = TimeSpan.FromSeconds(300);

    private protected FieldDirectory Home { get; } = new();

    private protected BenchPlant Plant { get; private set; } = null!;

    private protected FlashedGateway Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Plant = new BenchPlant(Home);
        await Plant.MakeAsync();
        Gateway = new FlashedGateway(Home);
        await Gateway.FlashAsync();
        await PrepareAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        await Gateway.DisposeAsync();
        await Plant.DisposeAsync();
        Home.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a class does to the disk before it gives it power.</summary>
    protected virtual Task PrepareAsync() => Task.CompletedTask;

    protected virtual Task LeaveAsync() => Task.CompletedTask;
}
