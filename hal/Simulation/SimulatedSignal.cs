namespace Sluice.Hal.Simulation;

/// <summary>The course that a made-up signal takes.</summary>
public enum SimulatedShape : byte
{
    /// <summary>Counts up by one with each read: what a test of completeness wants.</summary>
    Counter,

    /// <summary>A sine between -1 and 1 over a period of 60 s, before scale and offset.</summary>
    Sine,

    /// <summary>From 0 to 1 over 60 s, then again.</summary>
    Ramp,

    /// <summary>Changes from false to true and back every 5 s.</summary>
    Toggle,

    /// <summary>A small random walk around 0, from a fixed seed.</summary>
    Walk,
}

/// <summary>A made-up signal. Its address in the signal list is the shape: <c>counter</c>, <c>sine</c>, ...</summary>
public sealed record SimulatedSignal
{
    public required Signal Signal { get; init; }

    public required SimulatedShape Shape { get; init; }

    public double Scale { get; init; } = 1;

    public double Offset { get; init; }
}
