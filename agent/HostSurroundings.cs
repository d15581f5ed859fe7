using Microsoft.Extensions.Logging;
using Sluice.Agent.Binding;
using Sluice.Agent.Time;

namespace Sluice.Agent;

/// <summary>What the host takes from outside, so that a test can hand in its own.</summary>
/// <param name="Clock">Every loop's clock.</param>
/// <param name="Random">Jitter and the id of the run.</param>
/// <param name="AddLog">Where log messages go.</param>
internal sealed record HostSurroundings(TimeProvider Clock, Random Random, Action<ILoggingBuilder> AddLog)
{
    /// <summary>Says whether the clock is set; null for what the configuration says, of the machine itself.</summary>
    public IHostClock? HostClock { get; init; }

    /// <summary>Which machine this is; null for the one that it is.</summary>
    public MachineFacts? Machine { get; init; }
}
