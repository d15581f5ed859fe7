using System.Globalization;
using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Finding;

/// <summary>What find-order says: the answer to the output, questions and progress to the error stream.</summary>
internal sealed class FinderScreen(TextWriter output, TextWriter error)
{
    /// <summary>Rows of a list: nobody reads on.</summary>
    private const int RowsMax = 24;

    /// <summary>Values that a machine may have; the rest is what a wrong order makes of them.</summary>
    private const double LikelyMin = 1e-4;

    private const double LikelyMax = 1e9;

    public void Say(string sentence) => error.WriteLine(sentence);

    /// <summary>A question, the answer to stand behind it.</summary>
    public void Ask(string question)
    {
        error.Write(question);
        error.Flush();
    }

    public void Registers(FinderQuestion question, ushort[] registers) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{question.Source} {question.AddressText} ({ModbusAddressNotation.Write(question.Address)}, unit "
            + $"{question.UnitId}): {string.Join(' ', registers.Select(each => each.ToString("X4")))}"));

    public void Left(ShownValue shown, IReadOnlyList<OrderCandidate> left, int all, ushort[] now)
    {
        output.WriteLine(left.Count == 1
            ? $"{shown} is what one way of {Number(all)} makes of it:"
            : $"{shown} is what {Number(left.Count)} ways of {Number(all)} make of it:");
        Table(left, now);
    }

    /// <summary>Nothing shows it: the likeliest slip is a digit, so what could be shown is listed.</summary>
    public void NothingFits(Observation observation, IReadOnlyList<OrderCandidate> candidates, bool hadSome)
    {
        var now = observation.Samples[^1];
        output.WriteLine($"Nothing {(hadSome ? "that fitted before " : "")}makes {observation.Shown} of it. "
            + (hadSome ? "Set aside: was it mistyped? " : "Check the address and what the screen shows. ")
            + "The registers may be read as:");
        Table([.. candidates.Where(each => IsLikely(each.Decode(now)) && each.Scale.Equals(1.0))], now);
    }

    private void Table(IReadOnlyList<OrderCandidate> some, ushort[] now)
    {
        output.WriteLine("  type      order  scale  shows now");
        foreach (var each in some.Take(RowsMax))
        {
            var scale = each.Scale.ToString(CultureInfo.InvariantCulture);
            var value = each.Decode(now) is { Kind: not ValueKind.None } known ? known.ToString() : "no value";
            output.WriteLine($"  {each.Type,-9} {each.OrderText,-6} {scale,-6} {value}");
        }

        if (some.Count > RowsMax)
        {
            output.WriteLine($"  and {Number(some.Count - RowsMax)} more");
        }
    }

    private static bool IsLikely(SignalValue value) => value.Kind switch
    {
        ValueKind.None => false,
        ValueKind.Text => true,
        _ => value.AsDouble == 0 || Math.Abs(value.AsDouble) is >= LikelyMin and <= LikelyMax,
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
