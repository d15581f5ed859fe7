using Sluice.Bench.Uplink;
using Sluice.Field.Parts;

namespace Sluice.Bench.Beside;

/// <summary>
/// Another program that reads the same registers of the same server and publishes them to the same broker, as its own
/// manual says how.
/// </summary>
internal interface IPeer
{
    /// <summary>What no topic of the agent has in it; the receiver counts the messages of a peer by that.</summary>
    const string TopicPart = "/peer/";

    /// <summary>Where it publishes, each value under a name of its own.</summary>
    const string Topic = $"sluice/v1/plant1/{UplinkRig.GatewayId}{TopicPart}";

    /// <summary>Of its row in the table.</summary>
    string Name { get; }

    /// <summary>What it does and does not do of what the agent does: lines under the table.</summary>
    IReadOnlyList<string> Words { get; }

    /// <summary>One process, which does all of it.</summary>
    Task<ChildProcess> StartAsync(UplinkRig rig, int server, int registers, TimeSpan every);
}
