using System.Globalization;

namespace Sluice.Gateway.Machine;

/// <summary>A gpio-sim chip in the guest: a real chip to the kernel, its wires moved through /sys.</summary>
public sealed class SimulatedChip : IAsyncDisposable
{
    private readonly VirtualGateway machine;
    private readonly string name;
    private string folder;

    private SimulatedChip(VirtualGateway machine, string name, string device, string folder)
    {
        this.machine = machine;
        this.name = name;
        Device = device;
        this.folder = folder;
    }

    /// <summary>Its /dev/gpiochipN.</summary>
    public string Device { get; }

    /// <summary>Its label: what stays when the kernel gives it another number.</summary>
    public string Label => "label:" + name;

    public static async Task<SimulatedChip> MakeAsync(VirtualGateway machine, params string[] lines)
    {
        var name = $"chip-{Guid.NewGuid():N}"[..13];
        var said = (await machine.RunAsync($"make-chip {name} {string.Join(' ', lines)}")).Trim().Split(' ');
        return new SimulatedChip(machine, name, said[0], said[1]);
    }

    public Task SetAsync(int line, bool high) =>
        machine.RunAsync($"echo pull-{(high ? "up" : "down")} > {Pull(line)}");

    /// <summary>So many pulses, each edge handled by the kernel before the next one is made.</summary>
    public Task PulseAsync(int line, int count) => machine.RunAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"n=0; while [ $n -lt {count} ]; do echo pull-up > {Pull(line)}; echo pull-down > {Pull(line)}; "
        + $"n=$((n+1)); done"));

    /// <summary>
    /// Turns a low line so that it stands for so long each time, high first; how long each phase can have been, at
    /// least and at most, by the guest's clock. It ends low where the number is odd.
    /// </summary>
    public async Task<IReadOnlyList<Duration>> PhasesAsync(int line, int[] milliseconds)
    {
        var said = await machine.RunAsync($"phases {Pull(line)} {string.Join(' ', milliseconds)}");
        var turns = said.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(turn => Array.ConvertAll(
                turn.Split(' '), each => long.Parse(each, CultureInfo.InvariantCulture) / 100.0))
            .ToList();
        return [.. turns.Zip(turns.Skip(1), (one, next) => Duration.Between(one, next))];
    }

    /// <summary>The level of a line, also of one that is driven.</summary>
    public async Task<bool> LevelAsync(int line) =>
        (await machine.RunAsync($"cat {folder}/sim_gpio{line}/value")).Trim() == "1";

    /// <summary>
    /// Watches the level of a line for a while, from inside: whoever looks from outside looks too seldom.
    /// </summary>
    public async Task<LineCourse> WatchAsync(int line, TimeSpan time)
    {
        var said = (await machine.RunAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"watch-line {folder}/sim_gpio{line}/value {(int)time.TotalSeconds * 100}"))).Trim().Split(' ');
        var numbers = Array.ConvertAll(said, each => int.Parse(each, CultureInfo.InvariantCulture));
        return new LineCourse(numbers[0] == 1, numbers[1], numbers[2] / 100.0, numbers[3]);
    }

    /// <summary>Takes the chip away, or brings it back.</summary>
    public async Task PlugAsync(bool present)
    {
        var config = $"/sys/kernel/config/gpio-sim/{name}";
        await machine.RunAsync($"echo {(present ? 1 : 0)} > {config}/live");
        if (present)
        {
            folder = (await machine.RunAsync(
                $"echo /sys/devices/platform/$(cat {config}/dev_name)/$(cat {config}/bank0/chip_name)")).Trim();
        }
    }

    public async ValueTask DisposeAsync()
    {
        var config = $"/sys/kernel/config/gpio-sim/{name}";
        await machine.RunAsync($"echo 0 > {config}/live; rmdir {config}/bank0/line* {config}/bank0 {config}; true");
    }

    private string Pull(int line) => string.Create(CultureInfo.InvariantCulture, $"{folder}/sim_gpio{line}/pull");
}
