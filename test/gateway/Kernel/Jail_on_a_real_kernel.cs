using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>
/// The ARM64 binary in its own jail, on Debian 12's kernel (6.1): Landlock of version 2, which fences files, no ports.
/// </summary>
[Collection(nameof(VirtualGateway))]
public sealed class Jail_on_a_real_kernel(VirtualGateway machine)
{
    [Fact]
    public async Task Files_and_system_calls_are_fenced_on_ARM64_and_what_the_kernel_lacks_is_said()
    {
        await GuestClock.SetAsync(machine);
        await using var outside = await MesOutside.StartAsync();
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var agent = await GuestAgent.PrepareAsync(machine, outside, chip, ["lamp,gpio:DI1,bool"]);
        await machine.RunAsync("mkdir -p /tmp /etc; echo 127.0.0.1 localhost > /etc/hosts");
        await agent.StartAsync();
        await outside.UntilAsync(() => outside.Course("line/lamp").Contains("false Good"), agent);

        var said = await agent.ProveAsync();
        Figures.Say(said);
        Assert.Contains("locked in, but for TCP ports", said, StringComparison.Ordinal);
        Assert.Contains("ended with 0", said, StringComparison.Ordinal);
        Assert.Equal(7, said.Split("stopped by seccomp").Length - 1);
        Assert.Equal(2, said.Split("stopped by landlock").Length - 1);
        Assert.DoesNotContain("connect to another port", said, StringComparison.Ordinal);
        await outside.HasEverythingAsync(agent);
    }
}
