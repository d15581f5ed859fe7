using Sluice.Hal;

namespace Sluice.Agent.Sampling;

/// <summary>How the sampling of one source goes.</summary>
/// <param name="Name">The source.</param>
/// <param name="Source">The source's own account.</param>
/// <param name="Good">Signals whose latest reading is Good.</param>
/// <param name="Uncertain">Signals whose latest reading is Uncertain.</param>
/// <param name="Bad">Signals whose latest reading is Bad, or that were not read yet.</param>
/// <param name="WorstReason">The commonest reason among those that are not Good; empty when all are.</param>
/// <param name="LastTook">How long the latest turn took.</param>
/// <param name="Skipped">Turns skipped because the one before took too long.</param>
/// <param name="Reported">Readings handed to the buffer since start.</param>
public sealed record SamplerHealth(
    string Name,
    SourceHealth Source,
    int Good,
    int Uncertain,
    int Bad,
    string WorstReason,
    TimeSpan LastTook,
    long Skipped,
    long Reported)
{
    public static SamplerHealth Before(ISignalSource source) =>
        new(source.Name, source.Health, 0, 0, source.Signals.Count, nameof(QualityReason.NotRead), TimeSpan.Zero, 0, 0);

    public static SamplerHealth After(
        ISignalSource source, ReadOnlySpan<Reading> latest, TimeSpan took, long skipped, long reported)
    {
        Span<int> levels = stackalloc int[3];
        Span<int> reasons = stackalloc int[(int)QualityReason.ClockNotSet + 1];
        foreach (ref readonly var reading in latest)
        {
            levels[(int)reading.Quality.Level]++;
            reasons[(int)reading.Quality.Reason]++;
        }

        reasons[(int)QualityReason.None] = 0;
        var worst = 0;
        for (var reason = 1; reason < reasons.Length; reason++)
        {
            worst = reasons[reason] > reasons[worst] ? reason : worst;
        }

        var word = reasons[worst] == 0 ? "" : ((QualityReason)worst).ToString();
        return new SamplerHealth(
            source.Name, source.Health, levels[0], levels[1], levels[2], word, took, skipped, reported);
    }
}
