namespace Sluice.Hal;

/// <summary>
/// One named quantity that can be read. Signals are made once, when the configuration is loaded, and compared by
/// reference afterwards: the whole path from source to buffer hands the same object on.
/// </summary>
public sealed class Signal
{
    /// <summary>The name on the wire: source, slash, name in the signal list; <c>hmi1/oil/temperature</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The source that reads it, as the configuration names it.</summary>
    public required string Source { get; init; }

    public required SignalType Type { get; init; }

    /// <summary>Engineering unit, as the signal list says; empty where it says none.</summary>
    public string EngineeringUnit { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>Bits after which it goes from its highest value to 0; 0 where it is no counter.</summary>
    public int CounterBits { get; init; }

    /// <summary>What its values mean, by value; empty where it is no state.</summary>
    public IReadOnlyList<StateText> Texts { get; init; } = [];

    public override string ToString() => Name;
}

/// <summary>What one value of a state means.</summary>
/// <param name="Value">The value; 0 and 1 for a bool.</param>
/// <param name="Text">For people.</param>
public readonly record struct StateText(long Value, string Text);
