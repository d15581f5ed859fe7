namespace Sluice.Hal.Gpio.Light;

/// <summary>What the status light says to whoever stands before the cabinet.</summary>
public enum LightMessage : byte
{
    /// <summary>Dark: no agent runs.</summary>
    Off,

    /// <summary>Steady: readings are published and acknowledged.</summary>
    Publishing,

    /// <summary>Slow blink: the broker is away, readings are stored.</summary>
    Storing,

    /// <summary>Fast blink: somebody has to do something.</summary>
    NeedsPerson,
}

/// <summary>When the light is on. A core: told the message and how long it has stood.</summary>
public static class LightPattern
{
    /// <summary>Half of a slow blink: a blink each 2 s cannot be taken for a fast one.</summary>
    public static readonly TimeSpan SlowHalf = TimeSpan.FromSeconds(1);

    /// <summary>Half of a fast blink: four blinks a second.</summary>
    public static readonly TimeSpan FastHalf = TimeSpan.FromMilliseconds(125);

    public static bool IsOn(LightMessage message, TimeSpan stood) => message switch
    {
        LightMessage.Publishing => true,
        LightMessage.Storing => stood.Ticks / SlowHalf.Ticks % 2 == 0,
        LightMessage.NeedsPerson => stood.Ticks / FastHalf.Ticks % 2 == 0,
        _ => false,
    };

    /// <summary>How long until the light has to change; <see cref="TimeSpan.MaxValue"/> while it is steady.</summary>
    public static TimeSpan UntilChange(LightMessage message, TimeSpan stood)
    {
        var half = message switch
        {
            LightMessage.Storing => SlowHalf,
            LightMessage.NeedsPerson => FastHalf,
            _ => TimeSpan.Zero,
        };
        return half == TimeSpan.Zero ? TimeSpan.MaxValue : half - TimeSpan.FromTicks(stood.Ticks % half.Ticks);
    }
}
