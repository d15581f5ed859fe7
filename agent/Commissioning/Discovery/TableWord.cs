using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Discovery;

/// <summary>The tables as a signal list writes them.</summary>
internal static class TableWord
{
    public static string Of(ModbusTable table) => table switch
    {
        ModbusTable.Coil => "coil",
        ModbusTable.DiscreteInput => "discrete",
        ModbusTable.HoldingRegister => "holding",
        _ => "input",
    };

    public static bool TryParse(string word, out ModbusTable table)
    {
        foreach (var each in Enum.GetValues<ModbusTable>())
        {
            if (Of(each) == word)
            {
                table = each;
                return true;
            }
        }

        table = default;
        return false;
    }
}
