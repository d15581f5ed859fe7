namespace Sluice.Hal.Gpio.Light;

/// <summary>
/// A light that is on or off: that of the cabinet, and a simulated one for tests. What the world does wrong is an
/// answer. Called from one loop.
/// </summary>
public interface ILight : IDisposable
{
    /// <summary>Why the light cannot be driven, as a sentence; empty while it can.</summary>
    string Problem { get; }

    /// <summary>
    /// Switches the light; false where it cannot be had, which never stops anything else. The next call tries again.
    /// Disposing switches it off, and waits for nothing.
    /// </summary>
    bool Set(bool on);
}
