using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Health;

namespace Sluice.Fast.Health;

/// <summary>A running status server whose socket is there.</summary>
internal sealed class StatusDoor : IAsyncDisposable
{
    private readonly StatusServer server;

    private StatusDoor(StatusServer server) => this.server = server;

    public static async Task<StatusDoor> OpenAsync(string path, Func<StatusReport> report)
    {
        var server = new StatusServer(path, report, TimeProvider.System, NullLogger<StatusServer>.Instance);
        await server.StartAsync(CancellationToken.None);
        for (var attempt = 0; attempt < 500; attempt++)
        {
            var (answer, _) = await StatusClient.AskAsync(path, TimeProvider.System, CancellationToken.None);
            if (answer is not null)
            {
                return new StatusDoor(server);
            }

            await Task.Yield();
        }

        throw new InvalidOperationException("the status socket did not open");
    }

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync(CancellationToken.None);
        server.Dispose();
    }
}
