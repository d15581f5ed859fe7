using System.Globalization;
using Sluice.Agent.Commissioning.Asking;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Finding;

/// <summary>
/// Looks at one place of a device, again and again: always in one request, so that the halves of a value belong
/// together. The first look finds out how many registers the device gives from there. Called by the finder's session.
/// </summary>
internal sealed class RegisterLook(PoliteReader reader, FinderQuestion question)
{
    private const byte IllegalAddress = 2;
    private const byte IllegalValue = 3;

    private int registers = Math.Min(question.Registers, 65536 - question.Address.Address);

    /// <summary>Why the last look saw nothing; empty where it did.</summary>
    public string Trouble { get; private set; } = "";

    /// <summary>The trouble is a silent device or a missing connection, not something that it said.</summary>
    public bool IsUnavailable { get; private set; }

    /// <summary>The registers as they are now, or null.</summary>
    public async ValueTask<ushort[]?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var seen = new ushort[registers];
            var result = await reader.ReadAsync(
                question.UnitId, question.Address.Table, question.Address.Address, seen, cancellationToken)
                .ConfigureAwait(false);
            Trouble = Explain(result);
            IsUnavailable = result.Status is not (ModbusStatus.Answered or ModbusStatus.DeviceException);
            if (result.Status == ModbusStatus.Answered)
            {
                return seen;
            }

            var mayBeShorter = result is
            {
                Status: ModbusStatus.DeviceException,
                ExceptionCode: IllegalAddress or IllegalValue,
            };
            if (!mayBeShorter || registers == 1 || question.IsText)
            {
                return null;
            }

            // The map ends here, or the device gives fewer at once: shorter values may still be read.
            registers /= 2;
        }
    }

    private string Explain(ModbusResult result)
    {
        var place = $"{question.AddressText} of unit {question.UnitId.ToString(CultureInfo.InvariantCulture)}";
        return result.Status switch
        {
            ModbusStatus.Answered => "",
            ModbusStatus.DeviceException => $"The device refuses to read {place} ({DeviceAnswer.Say(result)}).",
            ModbusStatus.Timeout => $"Nothing answers when {place} is asked for: check the unit id, and that the "
                + "device is switched on.",
            ModbusStatus.BadAnswer => $"What answers for {place} is no answer to the question: another client on the "
                + "bus, a wrong baud rate, or another protocol.",
            _ => reader.Trouble.Length > 0 ? reader.Trouble + "." : "There is no connection to the device.",
        };
    }
}
