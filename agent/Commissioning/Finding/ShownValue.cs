using System.Globalization;
using Sluice.Hal;

namespace Sluice.Agent.Commissioning.Finding;

/// <summary>
/// What a person reads on the machine's own screen. A number stands for all that a screen would round to it: 71.3 means
/// 71.25 to 71.35. Anything else is text, and means exactly itself.
/// </summary>
internal sealed record ShownValue
{
    /// <summary>Longer than any number on a screen.</summary>
    private const int NumberCharactersMax = 24;

    /// <summary>
    /// Two last bits of a float, as a share of it: a screen may show more digits than it holds, and may round twice,
    /// to seven digits first.
    /// </summary>
    private const double SingleStep = 2.4e-7;

    private const double DoubleStep = 1e-13;

    private ShownValue(string text, decimal number, decimal tolerance, bool isNumber)
    {
        Text = text;
        Number = number;
        Tolerance = tolerance;
        IsNumber = isNumber;
    }

    /// <summary>As it was typed, without outer blanks.</summary>
    public string Text { get; }

    public bool IsNumber { get; }

    public decimal Number { get; }

    /// <summary>How far from <see cref="Number"/> a value may lie and still be shown so.</summary>
    public decimal Tolerance { get; }

    /// <summary>Reads a number; false with a sentence where it is none.</summary>
    /// <param name="typed">What was typed.</param>
    /// <param name="tolerance">What the person knows better than the digits tell; null = half of the last one.</param>
    /// <param name="shown">The value.</param>
    /// <param name="problem">What is wrong and what to type.</param>
    public static bool TryNumber(string typed, decimal? tolerance, out ShownValue shown, out string problem)
    {
        var text = typed.Trim();
        shown = new ShownValue(text, 0, 0, isNumber: false);
        var clipped = Configuration.FileNode.Clip(text, NumberCharactersMax);
        if (text.Contains(',', StringComparison.Ordinal))
        {
            problem = $"\"{clipped}\" has a comma: write the decimals with a point, and nothing between thousands.";
            return false;
        }

        if (text.Length is 0 or > NumberCharactersMax || !decimal.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out var number))
        {
            problem = $"\"{clipped}\" is not a number: write it as the screen shows it, without its unit, such as "
                + "71.3.";
            return false;
        }

        // Decimal keeps the digits that were written: 71.30 has two behind the point.
        shown = new ShownValue(text, number, tolerance ?? HalfOfTheLastDigit(number.Scale), isNumber: true);
        problem = "";
        return true;
    }

    public static ShownValue OfText(string typed) => new(typed.Trim(), 0, 0, isNumber: false);

    /// <summary>Whether a screen with this value in it would show this.</summary>
    public bool Fits(SignalValue value) => value.Kind switch
    {
        ValueKind.Text => !IsNumber && value.AsText == Text,
        _ => IsNumber && FitsBetween(value, value),
    };

    /// <summary>Whether a value on its way from one to the other may have been shown so; they stand in any order.
    /// </summary>
    public bool FitsBetween(SignalValue one, SignalValue other)
    {
        if (!IsNumber || !IsNumeric(one) || !IsNumeric(other))
        {
            return false;
        }

        if (IsWhole(one) && IsWhole(other))
        {
            var (low, high) = (Math.Min(Whole(one), Whole(other)), Math.Max(Whole(one), Whole(other)));
            return low <= Number + Tolerance && high >= Number - Tolerance;
        }

        var (from, to) = (Math.Min(one.AsDouble, other.AsDouble), Math.Max(one.AsDouble, other.AsDouble));
        var step = one.Kind == ValueKind.Single ? SingleStep : DoubleStep;
        var slack = step * Math.Max(Math.Abs((double)Number), 1e-30);
        return from <= (double)(Number + Tolerance) + slack && to >= (double)(Number - Tolerance) - slack;
    }

    public override string ToString() => Text;

    private static decimal HalfOfTheLastDigit(byte decimals)
    {
        var half = 0.5m;
        for (var digit = 0; digit < decimals; digit++)
        {
            half /= 10;
        }

        return half;
    }

    private static bool IsNumeric(SignalValue value) =>
        value.Kind is ValueKind.Signed or ValueKind.Unsigned or ValueKind.Single or ValueKind.Double;

    private static bool IsWhole(SignalValue value) => value.Kind is ValueKind.Signed or ValueKind.Unsigned;

    private static decimal Whole(SignalValue value) =>
        value.Kind == ValueKind.Signed ? value.AsSigned : value.AsUnsigned;
}
