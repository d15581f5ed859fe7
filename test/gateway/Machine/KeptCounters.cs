using System.Text.RegularExpressions;

namespace Sluice.Gateway.Machine;

/// <summary>What stands in a file of kept counters: a total, its epoch, and whose it is, a line each.</summary>
internal static class KeptCounters
{
    /// <summary>Whether it has this total of this signal, of whatever epoch.</summary>
    public static bool Has(string file, long total, string signal) =>
        Regex.IsMatch(file, $"(?m)^{total} [0-9a-f]{{32}} {Regex.Escape(signal)} ");
}
