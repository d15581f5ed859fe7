using System.Text;
using Sluice.Agent.Enrolment.Sticks;

namespace Sluice.Fast.Enrolment.Sticks;

/// <summary>A stick in memory, which may be full, read-only, or pulled out after so many changes.</summary>
internal sealed class SimulatedStick : IStick
{
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Names that are no plain files.</summary>
    public HashSet<string> Strange { get; } = new(StringComparer.Ordinal);

    public long FreeBytes { get; set; } = 1 << 30;

    public string? RefusesChanges { get; set; }

    /// <summary>Changes until it is pulled out; null: nobody pulls.</summary>
    public int? StaysFor { get; set; }

    public bool IsPulled { get; private set; }

    /// <summary>Told what is written.</summary>
    public Action<string> OnWrite { get; set; } = _ => { };

    public void PlugIn() => (IsPulled, StaysFor) = (false, null);

    public string Text(string name) => Encoding.UTF8.GetString(Files[name]);

    public StickFile Read(string name, int bytesMax) =>
        IsPulled ? new StickFile(null, $"{name} cannot be read: No such device")
        : Strange.Contains(name) ? new StickFile(null, $"{name} is no plain file")
        : !Files.TryGetValue(name, out var bytes) ? default
        : bytes.Length > bytesMax ? new StickFile(null, $"{name} has {bytes.Length} bytes")
        : new StickFile(bytes, null);

    public string? Write(string name, ReadOnlySpan<byte> bytes)
    {
        if (Change(name) is { } problem)
        {
            return problem;
        }

        OnWrite(name);
        Files[name] = bytes.ToArray();
        return null;
    }

    public string? Rename(string from, string to)
    {
        if (Change(to) is { } problem)
        {
            return problem;
        }

        Files.Remove(from, out var bytes);
        Files[to] = bytes!;
        return null;
    }

    public string? Remove(string name)
    {
        if (Change(name) is { } problem)
        {
            return problem;
        }

        Files.Remove(name);
        return null;
    }

    public IReadOnlyList<string> Names(int countMax) => [.. Files.Keys.Concat(Strange).Take(countMax)];

    private string? Change(string name)
    {
        if (StaysFor is { } left)
        {
            (StaysFor, IsPulled) = (left - 1, left <= 0);
        }

        return IsPulled ? $"{name} cannot be written: No such device"
            : RefusesChanges is { } reason ? $"{name} cannot be written: {reason}"
            : null;
    }
}
