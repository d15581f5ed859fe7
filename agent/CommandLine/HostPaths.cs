namespace Sluice.Agent.CommandLine;

/// <summary>Where systemd puts what belongs to the service; the defaults where it is started by hand.</summary>
internal static class HostPaths
{
    public const string ConfigurationFile = "/etc/sluice/gateway.json";

    /// <summary>StateDirectory= of the unit. systemd separates several with colons; ours is the first.</summary>
    public static string StateDirectory => First("STATE_DIRECTORY") ?? "/var/lib/sluice";

    public static string SocketPath => Path.Combine(First("RUNTIME_DIRECTORY") ?? "/run/sluice", "status.sock");

    private static string? First(string variable) =>
        Environment.GetEnvironmentVariable(variable)?.Split(':')[0] is { Length: > 0 } path ? path : null;
}
