namespace Sluice.Hal.Modbus;

/// <summary>
/// Which units are still to be asked who they are, and what the others told.
/// <para>
/// Invariants: a unit is asked only after it has answered a read; once it has told, not again before it was gone; one
/// that does not know the function, or answers nonsense, is never asked again, and one that stays silent or breaks the
/// connection over it only once more: an old device may do worse than refuse. What a unit told stands until it tells
/// otherwise. Owned by the source's loop, but for <see cref="Devices"/>.
/// </para>
/// </summary>
/// <param name="source">The source's name.</param>
public sealed class UnitIdentities(string source)
{
    private const int TriesMax = 2;
    private const int TextMax = 64;
    private const byte Acknowledge = 5;
    private const byte Busy = 6;
    private const byte GatewayPathUnavailable = 0x0A;
    private const byte GatewayTargetSilent = 0x0B;

    private readonly UnitState[] units = new UnitState[256];
    private readonly SortedDictionary<byte, SourceDevice> told = [];
    private int waiting;
    private volatile IReadOnlyList<SourceDevice> devices = [];

    private enum Stage : byte
    {
        Unheard,
        ToAsk,
        Told,
        Mute,
    }

    /// <summary>What the units told, by unit id. From any thread.</summary>
    public IReadOnlyList<SourceDevice> Devices => devices;

    /// <summary>The unit to ask; null if there is none.</summary>
    public byte? Next
    {
        get
        {
            var at = waiting == 0 ? -1 : Array.FindIndex(units, each => each.Stage == Stage.ToAsk);
            return at < 0 ? null : (byte)at;
        }
    }

    /// <summary>The unit answered a read.</summary>
    public void Answered(byte unit)
    {
        if (units[unit].Stage == Stage.Unheard)
        {
            Become(unit, Stage.ToAsk);
        }
    }

    /// <summary>The unit, or the way to it, was gone: what answers next may be another device.</summary>
    public void Gone(byte unit)
    {
        if (units[unit].Stage is Stage.Told or Stage.ToAsk)
        {
            Become(unit, Stage.Unheard);
        }
    }

    /// <summary>The unit was asked, and this came of it.</summary>
    public void Observe(byte unit, ModbusResult outcome, DeviceIdentification? identification)
    {
        if (identification is not null)
        {
            Become(unit, Stage.Told);
            units[unit].Tries = 0;
            Keep(unit, new SourceDevice(
                source, unit, Short(identification.Vendor), Short(Product(identification)),
                Short(identification.Revision), Short(identification.Model), Short(identification.Application)));
            return;
        }

        units[unit].Tries++;
        Become(unit, MayPass(outcome) && units[unit].Tries < TriesMax ? Stage.Unheard : Stage.Mute);
        if (units[unit].Stage == Stage.Mute && told.ContainsKey(unit))
        {
            Keep(unit, null);
        }
    }

    private static string Product(DeviceIdentification identification) =>
        identification.ProductName.Length > 0 ? identification.ProductName : identification.ProductCode;

    private static string Short(string text) => text.Length > TextMax ? text[..TextMax] : text;

    /// <summary>Whether the same question may have another outcome later.</summary>
    private static bool MayPass(ModbusResult outcome) => outcome.Status switch
    {
        ModbusStatus.Timeout or ModbusStatus.Disconnected => true,
        ModbusStatus.DeviceException => outcome.ExceptionCode
            is Acknowledge or Busy or GatewayPathUnavailable or GatewayTargetSilent,
        _ => false,
    };

    private void Become(byte unit, Stage stage)
    {
        waiting += (stage == Stage.ToAsk ? 1 : 0) - (units[unit].Stage == Stage.ToAsk ? 1 : 0);
        units[unit].Stage = stage;
    }

    private void Keep(byte unit, SourceDevice? device)
    {
        if (device is null)
        {
            told.Remove(unit);
        }
        else if (!told.TryGetValue(unit, out var before) || before != device)
        {
            told[unit] = device;
        }
        else
        {
            return;
        }

        devices = [.. told.Values];
    }

    private struct UnitState
    {
        public Stage Stage;
        public byte Tries;
    }
}
