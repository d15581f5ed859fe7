using CsCheck;
using Xunit;

namespace Sluice.Fast.Buffering.Contract;

/// <summary>Random lives of a buffer beside a plain model. A failure prints its seed; CsCheck_Seed replays it,
/// SLUICE_MODEL_LIVES asks for more of them.</summary>
public sealed class ModelTests
{
    private static readonly Gen<(int Action, int Amount, int Where)[]> Lives = Gen.Select(
        Gen.Int[0, 10],
        Gen.Frequency((6, Gen.Int[1, 20]), (2, Gen.Int[20, 300]), (1, Gen.Int[600, 1500])),
        Gen.Int[0, 100_000]).Array[1, 40];

    private static readonly long Iterations =
        long.TryParse(Environment.GetEnvironmentVariable("SLUICE_MODEL_LIVES"), out var lives) ? lives : 60;

    [Fact]
    public void A_disk_store_does_what_the_model_does() => Lives.Sample(
        life => Live(BufferModel.OnDisk(), life), iter: Iterations, threads: 1);

    [Fact]
    public void A_memory_buffer_does_what_the_model_does() => Lives.Sample(
        life => Live(BufferModel.InMemory(), life), iter: Iterations, threads: 1);

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
