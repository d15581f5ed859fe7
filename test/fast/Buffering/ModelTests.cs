using CsCheck;
using Xunit;

namespace Sluice.Fast.Buffering;

/// <summary>Random lives of a buffer beside a plain model. A failure prints its seed; CsCheck_Seed replays it.</summary>
public sealed class ModelTests
{
    private static readonly Gen<(int Action, int Amount, int Where)[]> Lives = Gen.Select(
        Gen.Int[0, 9],
        Gen.Frequency((6, Gen.Int[1, 50]), (2, Gen.Int[50, 1500]), (1, Gen.Int[3000, 6000])),
        Gen.Int[0, 100_000]).Array[1, 40];

    [Fact]
    public void A_disk_store_does_what_the_model_does() => Lives.Sample(
        life => Live(BufferModel.OnDisk(), life), iter: 60, threads: 1);

    [Fact]
    public void A_memory_buffer_does_what_the_model_does() => Lives.Sample(
        life => Live(BufferModel.InMemory(), life), iter: 60, threads: 1);

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
