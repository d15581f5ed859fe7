using Sluice.Plant.Modbus;

namespace Sluice.Fast.Commissioning;

/// <summary>A gateway with one source, hmi1: a simulated panel on the loopback.</summary>
public abstract class AtAPanel : IAsyncDisposable
{
    private protected AtAPanel(string list) =>
        Gateway = new CommissionedGateway(CommissionedGateway.Panel(Panel.Port), list);

    private protected SimulatedPanel Panel { get; } = new();

    private protected CommissionedGateway Gateway { get; }

    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        await Panel.DisposeAsync();
        await LeaveAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what else the test has begun.</summary>
    private protected virtual ValueTask LeaveAsync() => ValueTask.CompletedTask;
}
