using System.Globalization;

namespace Sluice.Field.Parts;

/// <summary>What systemd hears of a service: the datagrams that come to its socket, one behind the other.</summary>
internal sealed class ServiceManager : IAsyncDisposable
{
    private readonly string socket;
    private readonly string heard;
    private readonly ChildProcess ear;

    private ServiceManager(FieldDirectory directory)
    {
        socket = directory.At("notify");
        heard = directory.At("heard");
        ear = ChildProcess.Start("/usr/bin/socat", ["-u", $"UNIX-RECV:{socket}", $"CREATE:{heard}"]);
    }

    public static async Task<ServiceManager> ListenAsync(FieldDirectory directory)
    {
        var manager = new ServiceManager(directory);
        await Eventually.HoldsAsync(() => File.Exists(manager.socket), FieldPlant.Soon, () => manager.ear.Tail());
        return manager;
    }

    /// <summary>Put in front of the agent: all that a unit gives it. Who the parent is cannot be seen.</summary>
    public string[] Around(TimeSpan? watchdog = null) =>
    [
        "/usr/bin/env", $"NOTIFY_SOCKET={socket}",
        .. watchdog is { } period
            ? [string.Create(CultureInfo.InvariantCulture, $"WATCHDOG_USEC={period.TotalMicroseconds}")]
            : Array.Empty<string>(),
    ];

    public Task<TimeSpan> HearsAsync(string word) => Eventually.HoldsAsync(
        () => Times(word) > 0, FieldPlant.Soon, () => $"'{word}' was never said to systemd");

    /// <summary>How often it was said so far.</summary>
    public int Times(string word) =>
        File.Exists(heard) ? File.ReadAllText(heard).Split(word).Length - 1 : 0;

    public ValueTask DisposeAsync() => ear.DisposeAsync();
}
