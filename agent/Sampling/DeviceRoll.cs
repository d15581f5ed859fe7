using Sluice.Hal;

namespace Sluice.Agent.Sampling;

/// <summary>
/// What the devices of all sources told about themselves. Written by the samplers, each for its own source; read by the
/// publisher. Safe from any thread; the list is replaced when it changes, and never otherwise.
/// </summary>
public sealed class DeviceRoll
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, IReadOnlyList<SourceDevice>> bySource = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<SourceDevice> devices = [];

    /// <summary>By source and unit.</summary>
    public IReadOnlyList<SourceDevice> Devices => devices;

    public void Observe(string source, IReadOnlyList<SourceDevice> told)
    {
        ArgumentNullException.ThrowIfNull(told);
        lock (gate)
        {
            var before = bySource.GetValueOrDefault(source) ?? [];
            if (!ReferenceEquals(told, before) && !told.SequenceEqual(before))
            {
                devices = [.. devices.Where(each => each.Source != source), .. told];
            }

            bySource[source] = told;
        }
    }
}
