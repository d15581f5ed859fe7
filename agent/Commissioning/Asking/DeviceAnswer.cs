using System.Globalization;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Asking;

/// <summary>A device's refusals in words (Modbus Application Protocol V1.1b3, section 7).</summary>
internal static class DeviceAnswer
{
    public static string Say(ModbusResult result) => result.Status switch
    {
        ModbusStatus.Answered => "answered",
        ModbusStatus.Timeout => "no answer in time",
        ModbusStatus.BadAnswer => "an answer that does not belong to the question",
        ModbusStatus.Disconnected => "no connection",
        _ => string.Create(CultureInfo.InvariantCulture, $"exception {result.ExceptionCode}: ")
            + result.ExceptionCode switch
            {
                1 => "it does not know this function",
                2 => "there is nothing at this address",
                3 => "it does not give so many at once",
                4 => "it failed while it looked",
                5 or 6 => "it is busy",
                10 => "its gateway has no way to this unit",
                11 => "the unit behind its gateway does not answer",
                _ => "a reason of its own",
            },
    };
}
