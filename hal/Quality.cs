namespace Sluice.Hal;

/// <summary>How far a reading can be trusted.</summary>
public enum QualityLevel : byte
{
    Good = 0,
    Uncertain = 1,
    Bad = 2,
}

/// <summary>Why a reading is not Good. The names go on the wire as they stand here.</summary>
public enum QualityReason : byte
{
    None = 0,

    /// <summary>The device did not answer before the deadline.</summary>
    Timeout = 1,

    /// <summary>The device answered with an exception (Modbus Application Protocol V1.1b3, section 7).</summary>
    DeviceException = 2,

    /// <summary>The answer was damaged, or was not the answer to this request.</summary>
    Checksum = 3,

    /// <summary>There is no connection to the device.</summary>
    Disconnected = 4,

    /// <summary>The value cannot be expressed: NaN, infinity, or past the type's range.</summary>
    OutOfRange = 5,

    /// <summary>The signal was not read yet, or its turn was skipped.</summary>
    NotRead = 6,

    /// <summary>The device answers, but what it answers stopped changing although it must change.</summary>
    Stale = 7,

    /// <summary>The device answers, but no longer with the layout that the signal list describes.</summary>
    LayoutChanged = 8,

    /// <summary>Edges happened that were not counted.</summary>
    EdgesLost = 9,

    /// <summary>The value is right, but the gateway's clock was not set when it was read.</summary>
    ClockNotSet = 10,
}

/// <summary>A level and, where the level is not Good, its reason.</summary>
public readonly record struct Quality(QualityLevel Level, QualityReason Reason)
{
    public static Quality Good => default;

    public static Quality Bad(QualityReason reason) => new(QualityLevel.Bad, reason);

    public static Quality Uncertain(QualityReason reason) => new(QualityLevel.Uncertain, reason);

    public bool IsGood => Level == QualityLevel.Good;

    public override string ToString() => IsGood ? "Good" : $"{Level}/{Reason}";
}
