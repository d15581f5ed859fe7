using Sluice.Agent.Egress.Jail;

namespace Sluice.Fast.Egress.Jail;

/// <summary>
/// Runs a seccomp program as the kernel does, for as much of classic BPF as a filter of system calls needs
/// (Documentation/networking/filter.txt of the kernel): written from that text and not from the program under test.
/// </summary>
internal static class BpfMachine
{
    public const uint Allow = 0x7FFF0000;
    public const uint Kill = 0x80000000;

    /// <summary>The verdict on a call; throws where the kernel would refuse the program.</summary>
    public static uint Run(
        IReadOnlyList<BpfInstruction> program, uint processor, uint number, params ulong[] arguments)
    {
        var data = new byte[64];
        BitConverter.TryWriteBytes(data, number);
        BitConverter.TryWriteBytes(data.AsSpan(4), processor);
        for (var i = 0; i < arguments.Length; i++)
        {
            BitConverter.TryWriteBytes(data.AsSpan(16 + (8 * i)), arguments[i]);
        }

        uint accumulator = 0;
        for (var at = 0; at < program.Count; at++)
        {
            var (code, ifTrue, ifFalse, value) = program[at];
            var jump = code switch
            {
                0x20 when value % 4 == 0 && value < 64 => 0,
                0x15 => accumulator == value ? ifTrue : ifFalse,
                0x35 => accumulator >= value ? ifTrue : ifFalse,
                0x45 => (accumulator & value) != 0 ? ifTrue : ifFalse,
                0x54 or 0x06 => 0,
                _ => throw new InvalidOperationException($"instruction {at} has code {code:X}"),
            };
            switch (code)
            {
                case 0x06:
                    return value;
                case 0x20:
                    accumulator = BitConverter.ToUInt32(data, (int)value);
                    break;
                case 0x54:
                    accumulator &= value;
                    break;
                default:
                    at += jump;
                    break;
            }
        }

        throw new InvalidOperationException("the program runs off its end");
    }

    /// <summary>What the kernel checks when it takes a program: each way ends, and no jump leaves it.</summary>
    public static void Check(IReadOnlyList<BpfInstruction> program)
    {
        const int instructionsMax = 4096;
        if (program.Count > instructionsMax || program[^1].Code != 0x06)
        {
            throw new InvalidOperationException("too long, or without an end");
        }

        for (var at = 0; at < program.Count; at++)
        {
            if (at + 1 + Math.Max(program[at].IfTrue, program[at].IfFalse) >= program.Count && program[at].Code != 0x06)
            {
                throw new InvalidOperationException($"instruction {at} jumps out of the program");
            }
        }
    }
}
