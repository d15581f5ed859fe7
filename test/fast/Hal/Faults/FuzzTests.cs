using Sluice.Fuzz;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Faults;

/// <summary>A short run of `make fuzz`, and the proof that it would say something: parsers that are wrong.</summary>
public sealed class FuzzTests
{
    private const ulong Seed = 20_261_122;
    private const int Inputs = 66_667;

    public static TheoryData<string> Targets => [.. FuzzTarget.Every.Select(each => each.Name)];

    public static TheoryData<string> Mutants => [.. Wrong.Keys];

    private static readonly Dictionary<string, (bool IsRtu, WireParser Parser)> Wrong = new()
    {
        ["rtu without a checksum"] = (true, WithoutChecksum),
        ["rtu that takes any unit"] = (true, AnyUnit),
        ["mbap that takes any unit"] = (false, AnyUnit),
        ["mbap that takes any transaction"] = (false, AnyTransaction),
        ["mbap that trusts a frame whatever follows it"] = (false, WhateverFollows),
        ["a parser that finds nothing"] = (false, static (_, in _, _) => new Found(WireOutcome.Nothing)),
        ["a parser that reads past the end"] = (true, static (received, in _, _) => new Found(
            received[300] == 0 ? WireOutcome.Nothing : WireOutcome.Good)),
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void No_input_crashes_a_parser_or_gets_a_wrong_Good(string name)
    {
        var target = FuzzTarget.Every.Single(each => each.Name == name);
        var inputs = Inputs / target.Cost;
        var run = new FuzzRun(target, Seed);
        run.Try(0, inputs);
        Assert.Equal(inputs, run.Counts.Sum());
        Assert.True(run.Counts[0] > inputs / 10, "hardly anything was Good: little was tried");
        Assert.True(run.Counts[0] < inputs, "everything was Good: nothing was tried");
    }

    [Theory]
    [MemberData(nameof(Mutants))]
    public void A_parser_that_is_wrong_is_caught_with_its_seed_and_input(string mutant)
    {
        var (isRtu, parser) = Wrong[mutant];
        var run = new FuzzRun(new WireTarget("mutant", isRtu, parser), Seed);
        var caught = Assert.Throws<InvalidOperationException>(() => run.Try(0, Inputs));
        Assert.StartsWith($"mutant: seed {Seed}, input {run.Tried}: ", caught.Message, StringComparison.Ordinal);

        // The same input alone shows it again.
        var again = new FuzzRun(new WireTarget("mutant", isRtu, parser), Seed);
        Assert.Equal(
            caught.Message, Assert.Throws<InvalidOperationException>(() => again.Try(run.Tried, 1)).Message);
    }

    private static Found WithoutChecksum(ReadOnlySpan<byte> received, in ReadRequest request, ushort transaction)
    {
        for (var from = 0; from + 5 <= received.Length; from++)
        {
            var bytes = received[from] == request.UnitId ? request.AnswerPduBytes(received[(from + 1)..]) : -1;
            if (bytes > 0 && from + bytes + 3 <= received.Length
                && request.Judge(received.Slice(from + 1, bytes)) == AnswerVerdict.Answers)
            {
                return new Found(WireOutcome.Good, from + 1, bytes);
            }
        }

        return ProductParsers.Rtu(received, request, transaction);
    }

    private static Found AnyUnit(ReadOnlySpan<byte> received, in ReadRequest request, ushort transaction) =>
        received.Length > 6 && (received[2] | received[3]) == 0
            ? ProductParsers.Mbap(received, request with { UnitId = received[6] }, transaction)
            : ProductParsers.Rtu(
                received, request with { UnitId = received.IsEmpty ? (byte)0 : received[0] }, transaction);

    private static Found AnyTransaction(ReadOnlySpan<byte> received, in ReadRequest request, ushort transaction) =>
        ProductParsers.Mbap(
            received, request, received.Length > 1 ? (ushort)((received[0] << 8) | received[1]) : transaction);

    private static Found WhateverFollows(ReadOnlySpan<byte> received, in ReadRequest request, ushort transaction) =>
        MbapFramer.TryTake(received, out var frame) == FrameOutcome.Frame
            ? ProductParsers.Mbap(received[..frame.EndsAt], request, transaction)
            : ProductParsers.Mbap(received, request, transaction);
}
