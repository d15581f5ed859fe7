using Microsoft.Extensions.Logging;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Time;
using Sluice.Provisioning.Audit;

namespace Sluice.Agent.Binding;

/// <summary>
/// Asked before each connection, and by what watches the identity, whether it may be used on this machine; binds to it
/// what is not bound yet. From any thread.
/// </summary>
/// <param name="configuration">Where the identity is.</param>
/// <param name="here">Which machine this is; asked once.</param>
/// <param name="clock">For the audit log.</param>
/// <param name="hostClock">The same.</param>
/// <param name="log">The journal.</param>
internal sealed class MachineBinding(
    GatewayConfiguration configuration, MachineFacts here, TimeProvider clock, IHostClock hostClock,
    ILogger<MachineBinding> log)
{
    private readonly Lock turn = new();
    private BindingState? told;
    private bool hasFailed;

    /// <summary>Why the identity may not be used here, for a technician; null where it may.</summary>
    public string? Refusal()
    {
        lock (turn)
        {
            try
            {
                return Look();
            }
            catch (Exception world) when (world is IOException or UnauthorizedAccessException)
            {
                if (!hasFailed)
                {
                    hasFailed = true;
                    Log.BindingNotKept(log, world.Message);
                }

                return null;
            }
        }
    }

    /// <summary>The same for a verb or a look that changes nothing.</summary>
    public static string? RefusalOf(string directory, MachineFacts here)
    {
        try
        {
            return Words(new BindingFile(LinuxIdentityDisk.Beside(directory), here).Read(), here);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            // What cannot be read is told by whoever reads the identity itself.
            return null;
        }
    }

    private static string? Words(BindingRecord? bound, MachineFacts here) =>
        bound is not null && BindingRecord.Judge(bound, here) == BindingState.Elsewhere
            ? $"{BindingWords.Happened(bound, here)} {BindingWords.Means} What to do: {BindingWords.Do}"
            : null;

    private string? Look()
    {
        var file = new BindingFile(LinuxIdentityDisk.Beside(configuration.Identity.Directory), here);
        var bound = file.Read();
        var state = BindingRecord.Judge(bound, here);
        if (state is BindingState.Unbound or BindingState.InPart && file.HasIdentity)
        {
            bound = Bind() ?? bound;
            state = BindingRecord.Judge(bound, here);
            if (state != told && !here.AreKnown)
            {
                Log.NotBound(log, BindingWords.Unknown);
            }
            else if (state != told && state == BindingState.InPart)
            {
                Log.BoundInPart(log, bound!.Machine.Words, here.Words);
            }

            told = state;
        }

        return Words(bound, here);
    }

    /// <summary>What is bound now; null where nothing was to be done, or a verb is at work: then at the next look.
    /// </summary>
    private BindingRecord? Bind()
    {
        using var disk = LinuxIdentityDisk.TryOpen(configuration.Identity.Directory);
        if (disk is null || new BindingFile(disk, here).Complete() is not { } machine)
        {
            return null;
        }

        var context = new EnrolmentContext(
            configuration, disk, clock, hostClock, new EnrolmentUser(ProcessUser.Name, "the agent's start"));
        context.Log("bind", "done", $"The identity is bound to {machine.Words}.");
        Log.Bound(log, machine.Words);
        return new BindingRecord(machine);
    }
}
