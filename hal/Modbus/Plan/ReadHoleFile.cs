using System.Globalization;

namespace Sluice.Hal.Modbus;

/// <summary>A place that a device refused to read along: requests end before it.</summary>
/// <param name="UnitId">The unit.</param>
/// <param name="Table">The table.</param>
/// <param name="Address">PDU address of the signal behind the hole.</param>
/// <param name="Age">How long the agent has run since it was learned.</param>
public readonly record struct ReadHole(byte UnitId, ModbusTable Table, ushort Address, TimeSpan Age);

/// <summary>
/// Holes in a <see cref="KeptText"/>: the signal list's fingerprint, then unit, table, address and age in minutes.
/// <code>
/// sluice holes 1
/// list 5f2b...
/// 3 HoldingRegister 120 37
/// check 9a0b33f1
/// </code>
/// Age is counted in time that the agent ran, because the wall clock may be wrong.
/// </summary>
public sealed class ReadHoleFile(string path)
{
    public const int BytesMax = 16 << 10;

    private const string ListWord = "list ";

    private readonly KeptText kept = new(path, "sluice holes 1", BytesMax);

    /// <summary>What was learned with this signal list; what was learned with another counts no more.</summary>
    /// <returns>And a sentence if what was kept cannot be used; else empty.</returns>
    public (IReadOnlyList<ReadHole> Holes, string Problem) Load(string fingerprint)
    {
        var (lines, refused) = kept.Load();
        var holes = new List<ReadHole>();
        if (refused.Length == 0 && lines.Count > 0 && lines[0] == ListWord + fingerprint)
        {
            foreach (var line in lines.Skip(1))
            {
                if (!TryParse(line, out var hole))
                {
                    refused = "has a line that is not a hole";
                    break;
                }

                holes.Add(hole);
            }
        }

        return refused.Length == 0
            ? (holes, "")
            : ([], $"What was learned about the device's address space in {path} is not used: the file {refused}. "
                + "It is learned again.");
    }

    public bool Save(string fingerprint, IEnumerable<ReadHole> holes) => kept.Save(holes
        .Select(hole => string.Create(
            CultureInfo.InvariantCulture,
            $"{hole.UnitId} {hole.Table} {hole.Address} {(long)hole.Age.TotalMinutes}"))
        .Prepend(ListWord + fingerprint));

    private static bool TryParse(string line, out ReadHole hole)
    {
        var parts = line.Split(' ');
        if (parts.Length == 4
            && byte.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var unit)
            && Enum.TryParse<ModbusTable>(parts[1], out var table) && Enum.IsDefined(table)
            && ushort.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var address)
            && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
        {
            hole = new ReadHole(unit, table, address, TimeSpan.FromMinutes(minutes));
            return true;
        }

        hole = default;
        return false;
    }
}
