namespace Sluice.Mes.Database;

/// <summary>One reading of a counter, in order of time.</summary>
/// <param name="Value">What it showed; null where the reading was not Good.</param>
/// <param name="Epoch">
/// Which count it is, where the gateway counts; another one means that it began again at 0. Empty where nobody says.
/// </param>
public readonly record struct CounterReading(ulong? Value, string Epoch);

/// <summary>What was produced between the first reading and the last.</summary>
/// <param name="Pieces">The sum of all steps.</param>
/// <param name="Rollovers">Times that the counter went past its width.</param>
/// <param name="Resets">Times that it went back to the start, by a program download or a swapped device.</param>
/// <param name="SetBacks">Times that a power cut took the last edges from what the gateway had kept.</param>
public readonly record struct Production(ulong Pieces, int Rollovers, int Resets, int SetBacks = 0);

/// <summary>
/// Counts production from a counter that rolls over, is reset by its PLC, or comes from a swapped gateway. A core.
/// <para>
/// A step back is a rollover where the counter stood in the last quarter of its width and stands in the first one, and
/// the epoch is the same; else it is a reset, and what it shows now was made since. What was made between the last
/// reading before a reset and the reset itself is not known to anybody. With one and the same known epoch it was not
/// reset: it lost the last that it had counted and goes on from there, and all of that was counted before.
/// </para>
/// </summary>
public static class CounterProduction
{
    public static Production Count(IEnumerable<CounterReading> readings, int widthBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(widthBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(widthBits, 64);
        var top = widthBits == 64 ? ulong.MaxValue : (1UL << widthBits) - 1;
        var quarter = (top / 4) + 1;
        var (pieces, rollovers, resets, setBacks) = (0UL, 0, 0, 0);
        CounterReading? before = null;
        foreach (var reading in readings)
        {
            if (reading.Value is not { } now)
            {
                continue;
            }

            if (before is { Value: { } was } last)
            {
                if (last.Epoch != reading.Epoch && last.Epoch.Length > 0 && reading.Epoch.Length > 0)
                {
                    resets++;
                    pieces += now;
                }
                else if (now >= was)
                {
                    pieces += now - was;
                }
                else if (was > top - quarter && now < quarter)
                {
                    rollovers++;
                    pieces += top - was + now + 1;
                }
                else if (last.Epoch == reading.Epoch && last.Epoch.Length > 0)
                {
                    setBacks++;
                }
                else
                {
                    resets++;
                    pieces += now;
                }
            }

            before = reading;
        }

        return new Production(pieces, rollovers, resets, setBacks);
    }
}
