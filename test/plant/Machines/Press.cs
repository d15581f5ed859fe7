namespace Sluice.Plant.Machines;

/// <summary>
/// A hydraulic press as its sensors see it: cycles of a few seconds, a motor that draws more under load, oil that warms
/// up with the work, a door that stops everything, a recipe that changes now and then. Stepped, no clock of its own;
/// the same seed gives the same shift. Not thread-safe.
/// </summary>
public sealed class Press(int seed)
{
    private static readonly TimeSpan CycleTime = TimeSpan.FromSeconds(2.4);
    private static readonly TimeSpan DoorEvery = TimeSpan.FromSeconds(23);
    private static readonly TimeSpan DoorOpenFor = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RecipeEvery = TimeSpan.FromSeconds(17);
    private static readonly string[] Recipes = ["Flansch DN80", "Deckel 4711", "Öse \"B\" 7", "Ring 12x3"];

    private readonly Random random = new(seed);
    private TimeSpan now;
    private TimeSpan inCycle;

    public double OilDegC { get; private set; } = 41.5;

    public double MotorAmpere { get; private set; }

    public double PressureBar { get; private set; }

    /// <summary>Whole life of the press, so it starts past what 32 bits hold.</summary>
    public ulong EnergyWattHours { get; private set; } = 4_301_222_540;

    public uint Cycles { get; private set; } = 65_530;

    public bool DoorOpen { get; private set; }

    public bool Running => !DoorOpen;

    public string Recipe { get; private set; } = Recipes[0];

    /// <summary>Grows for as long as the panel is alive.</summary>
    public ushort Heartbeat { get; private set; }

    public double AmbientDegC { get; private set; } = 19.5;

    private double wattHours;

    public void Step(TimeSpan elapsed)
    {
        now += elapsed;
        Heartbeat = unchecked((ushort)(now.TotalSeconds * 2));
        DoorOpen = now >= DoorEvery && TimeSpan.FromTicks(now.Ticks % DoorEvery.Ticks) < DoorOpenFor;
        Recipe = Recipes[(int)(now.Ticks / RecipeEvery.Ticks % Recipes.Length)];
        AmbientDegC = 19.5 + (0.8 * Math.Sin(now.TotalSeconds / 40));
        if (Running)
        {
            inCycle += elapsed;
            if (inCycle >= CycleTime)
            {
                inCycle -= CycleTime;
                Cycles++;
            }
        }

        // A press squeezes in the middle third of its cycle.
        var phase = inCycle / CycleTime;
        var load = Running && phase is > 0.33 and < 0.66 ? Math.Sin((phase - 0.33) / 0.33 * Math.PI) : 0;
        var noise = random.NextDouble() - 0.5;
        MotorAmpere = Running ? 3.2 + (14 * load) + (0.3 * noise) : 0;
        PressureBar = (180 * load) + (Running ? 12 : 0) + noise;

        // The oil follows the work with a time constant of two minutes.
        var target = AmbientDegC + (Running ? 45 : 5);
        OilDegC += (target - OilDegC) * Math.Min(1, elapsed.TotalSeconds / 120);
        wattHours += MotorAmpere * 400 * 1.73 * elapsed.TotalHours;
        var whole = (ulong)wattHours;
        wattHours -= whole;
        EnergyWattHours += whole;
    }
}
