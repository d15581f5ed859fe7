using System.Globalization;
using System.Text;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Sizing;

/// <summary>The plan for a person at a terminal. A core.</summary>
internal static class SizingText
{
    public static string Render(
        SizingAnswer answer, SizingFacts facts, BufferSettings buffer, PublishSettings publish)
    {
        var text = new StringBuilder();
        var origin = facts.MeasuredOver is { } over
            ? $"measured over {Duration(over)}"
            : "the most that the configuration allows";
        text.AppendLine(Invariant(
            $"An outage of {UnitText.Format(answer.Outage)} at {facts.ReadingsPerSecond:0.###} readings/s ({origin})"));
        text.AppendLine();
        text.AppendLine(Invariant(
            $"Room needed     {UnitText.FormatRounded(answer.RoomBytes)}: {Count(answer.Readings)} readings of ")
            + Invariant($"{answer.DiskBytesPerReading:0.0} bytes ({Measured(facts.DiskBytesPerReading)})"));
        text.AppendLine("buffer.sizeMax  " + Verdict(answer));
        text.AppendLine("Time to drain   " + Drain(answer, publish)
            + Invariant($", {answer.WireBytesPerReading:0} bytes a reading ({Measured(facts.WireBytesPerReading)})"));
        if (answer.Drain is not null && !answer.LiveStaysFresh)
        {
            text.AppendLine("                New readings come late meanwhile: write a smaller publish.backfillShare.");
        }

        var flash = Flash(answer.Flash, buffer.FlashEnduranceBytes);
        text.AppendLine(Invariant($"Flash           {flash} ({Measured(facts.BytesPerDay)})"));
        return text.ToString();
    }

    private static string Verdict(SizingAnswer answer)
    {
        var size = UnitText.FormatSize(answer.SizeBytesMax);
        var holds = answer.Holds is { } longest ? $"it holds {Duration(longest)}" : "nothing is written";
        return answer.IsEnough
            ? $"\"{size}\" is enough: {holds}"
            : $"\"{size}\" is too small: {holds}. Write \"{UnitText.FormatSize(answer.SizeBytesToWrite)}\".";
    }

    private static string Drain(SizingAnswer answer, PublishSettings publish)
    {
        var rate = UnitText.FormatRate(publish.RateBytesPerSecondMax);
        return answer.Drain is { } drain
            ? $"{Duration(drain)} at publish.rateMax \"{rate}\""
            : $"never at publish.rateMax \"{rate}\": new readings alone need more";
    }

    public static string Flash(FlashWear wear, long enduranceBytes) =>
        wear.BytesPerDay is not { } bytes
            ? "not known yet: the agent has run for less than a minute"
            : wear.LifeYears is { } years
                ? Invariant($"{UnitText.FormatRounded((long)bytes)} a day: buffer.flashEndurance ")
                    + Invariant($"\"{Terabytes(enduranceBytes)}\" lasts {Years(years)}")
                : "nothing is written";

    public static string Terabytes(long bytes) => Invariant($"{bytes / 1e12:0.###} TB");

    public static string Years(double years) => years switch
    {
        > 100 => "more than 100 years",
        >= 2 => Invariant($"{years:0} years"),
        _ => Invariant($"{years * 12:0} months"),
    };

    private static string Measured(double? measured) => measured is null ? "assumed" : "measured";

    private static string Count(double readings) => readings switch
    {
        >= 1e6 => Invariant($"{readings / 1e6:0.0} million"),
        _ => Invariant($"{readings:0}"),
    };

    private static string Duration(TimeSpan span) => span switch
    {
        { TotalDays: >= 3 } => Invariant($"{span.TotalDays:0} days"),
        { TotalHours: >= 3 } => Invariant($"{span.TotalHours:0} hours"),
        { TotalMinutes: >= 3 } => Invariant($"{span.TotalMinutes:0} minutes"),
        _ => Invariant($"{span.TotalSeconds:0} seconds"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
