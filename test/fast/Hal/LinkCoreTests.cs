using CsCheck;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

/// <summary>The cores below a Modbus TCP connection, stepped by hand.</summary>
public sealed class LinkCoreTests
{
    [Fact]
    public void An_id_that_is_wrong_by_a_little_never_belongs_to_another_request() =>
        Gen.Select(Gen.Int[1, 16], Gen.Int[0, 4095], Gen.Int[0, 300]).Sample((window, generation, earlier) =>
        {
            var table = new TransactionTable(window, generation);
            for (var index = 0; index < earlier; index++)
            {
                var done = table.Begin(out _);
                table.Answered(done);
                table.Release(done);
            }

            var ids = new List<ushort>();
            for (var index = 0; index < window; index++)
            {
                table.Begin(out var id);
                ids.Add(id);
            }

            foreach (var id in ids)
            {
                for (var shift = 1; shift <= 16; shift++)
                {
                    Assert.Equal(AnswerOwner.Nobody, table.Match((ushort)(id + shift), out _));
                    Assert.Equal(AnswerOwner.Nobody, table.Match((ushort)(id - shift), out _));
                }
            }
        });

    [Fact]
    public void An_id_is_not_given_again_while_its_late_answer_is_owed()
    {
        var table = new TransactionTable(1, 0);
        var owed = table.Begin(out var late);
        table.GiveUp(owed);
        table.Release(owed);
        for (var index = 0; index < 70_000; index++)
        {
            var slot = table.Begin(out var id);
            Assert.NotEqual(late, id);
            table.Answered(slot);
            table.Release(slot);
        }

        Assert.Equal(AnswerOwner.GivenUp, table.Match(late, out _));
        Assert.Equal(AnswerOwner.Nobody, table.Match(late, out _));
    }

    [Fact]
    public void A_connection_that_owes_too_many_answers_must_close()
    {
        var table = new TransactionTable(1, 0);
        for (var index = 0; index < 64; index++)
        {
            Assert.False(table.MustClose);
            var slot = table.Begin(out _);
            table.GiveUp(slot);
            table.Release(slot);
        }

        Assert.True(table.MustClose);
    }

    [Fact]
    public void The_wait_to_reconnect_doubles_to_its_end_and_only_an_answer_resets_it()
    {
        var backoff = new ReconnectBackoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5));
        var now = TimeSpan.Zero;
        Assert.True(backoff.MayTry(now));
        var waits = new List<double>();
        for (var index = 0; index < 7; index++)
        {
            backoff.Failed(now);
            var from = now;
            while (!backoff.MayTry(now))
            {
                now += TimeSpan.FromMilliseconds(50);
            }

            waits.Add((now - from).TotalMilliseconds);
        }

        Assert.Equal([250, 500, 1000, 2000, 4000, 5000, 5000], waits);
        backoff.Failed(now);
        backoff.Answered();
        Assert.True(backoff.MayTry(now));
    }

    [Fact]
    public void Whatever_arrives_the_framer_takes_a_whole_frame_asks_for_more_or_gives_up() =>
        Gen.Byte.Array[0, 300].Sample(bytes =>
        {
            var outcome = MbapFramer.TryTake(bytes, out var frame);
            if (outcome == FrameOutcome.Frame)
            {
                Assert.InRange(frame.EndsAt, 9, Math.Min(bytes.Length, MbapFramer.FrameBytesMax));
            }
            else if (outcome == FrameOutcome.NeedsMore)
            {
                Assert.True(bytes.Length < MbapFramer.FrameBytesMax);
            }
        }, iter: 20_000);

    [Fact]
    public void No_bytes_but_those_of_the_right_answer_are_accepted_for_a_request() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 125], Gen.Byte.Array[0, 260]).Sample((table, count, pdu) =>
        {
            var request = new ReadRequest(1, (ModbusTable)table, 0, count);
            if (request.Judge(pdu) == AnswerVerdict.Answers)
            {
                Assert.Equal(request.Function, pdu[0]);
                Assert.Equal(request.DataBytes, pdu[1]);
                Assert.Equal(request.DataBytes + 2, pdu.Length);
            }
        }, iter: 20_000);

    [Fact]
    public void Only_the_function_codes_1_to_4_and_43_can_be_encoded()
    {
        var seen = new HashSet<byte>();
        Span<byte> pdu = stackalloc byte[ReadRequest.PduBytesMax];
        for (var table = 0; table <= byte.MaxValue; table++)
        {
            var request = new ReadRequest(1, (ModbusTable)table, 0, 1);
            if (Enum.IsDefined((ModbusTable)table))
            {
                request.WritePdu(pdu);
                seen.Add(pdu[0]);
            }
            else
            {
                Assert.Throws<InvalidOperationException>(() => request.Function);
            }
        }

        for (var scope = 0; scope <= byte.MaxValue; scope++)
        {
            try
            {
                ReadRequest.Identification(1, (IdentificationScope)scope, 0).WritePdu(pdu);
                seen.Add(pdu[0]);
            }
            catch (ArgumentException)
            {
                Assert.False(scope is 1 or 2 or 4);
            }
        }

        Assert.Equal([1, 2, 3, 4, 43], seen.Order().ToArray());
    }
}
