using CsCheck;
using Xunit;

namespace Sluice.Fast.Buffering.Contract;

/// <summary>
/// Random lives of a buffer beside a plain model. A failure prints its seed; CsCheck_Seed replays it, and kept in
/// model-seeds.txt it is run before all others. SLUICE_MODEL_LIVES asks for more of them.
/// </summary>
public sealed class ModelTests
{
    private static readonly Gen<(int Action, int Amount, int Where)[]> Lives = Gen.Select(
        Gen.Int[0, 12],
        Gen.Frequency((6, Gen.Int[1, 20]), (2, Gen.Int[20, 300]), (1, Gen.Int[600, 1500])),
        Gen.Int[0, 100_000]).Array[1, 40];

    private static readonly long Iterations =
        long.TryParse(Environment.GetEnvironmentVariable("SLUICE_MODEL_LIVES"), out var lives) ? lives : 60;

    [Fact]
    public void A_disk_store_does_what_the_model_does() => Sample(BufferModel.OnDisk);

    [Fact]
    public void A_memory_buffer_does_what_the_model_does() => Sample(BufferModel.InMemory);

    [Fact]
    public void Kept_seeds_are_words_with_their_reasons() =>
        Assert.Equal(["0N0XIzNsQ0O2", "3"], Parse(["# why", "", "0N0XIzNsQ0O2  # a reason", "3"]));

    private static void Sample(Func<BufferModel> make)
    {
        var kept = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Buffering", "Contract", "model-seeds.txt"));
        foreach (var seed in Parse(kept))
        {
            Lives.Sample(life => Live(make(), life), seed: seed, iter: 1, threads: 1);
        }

        Lives.Sample(life => Live(make(), life), iter: Iterations, threads: 1);
    }

    private static IEnumerable<string> Parse(IEnumerable<string> lines) => lines
        .Select(line => line.Split('#')[0].Trim())
        .Where(line => line.Length > 0);

    private static void Live(BufferModel model, (int Action, int Amount, int Where)[] life)
    {
        using (model)
        {
            foreach (var (action, amount, where) in life)
            {
                model.Do(action, amount, where);
            }
        }
    }
}
