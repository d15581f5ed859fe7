using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Sluice.Agent.Auditing;
using Sluice.Agent.Binding;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Describing;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Health;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing;
using Sluice.Agent.Renewal;
using Sluice.Agent.Sampling;
using Sluice.Agent.Standing;
using Sluice.Agent.Time;
using Sluice.Agent.Trust;
using Sluice.Agent.Uplink;
using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;
using Sluice.Hal.Gpio.Light;
using Sluice.Hal.Modbus;
using Sluice.Hal.Sensors;
using Sluice.Hal.Simulation;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Store;

namespace Sluice.Agent;

/// <summary>
/// The only wiring. Loops start in the order audit, buffer, publisher, posture, identity, good time, renewal, trust,
/// status, light, samplers, watchdog, and stop in the reverse: nothing is read any more before the publisher takes its
/// leave, the buffer closes after it with everything in it durable, and the audit log has the last word.
/// </summary>
public static partial class GatewayHost
{
    /// <summary>Room for what one source keeps, in blocks of a file system: no list comes near it.</summary>
    private const int KeptBytes = ReadHoleFile.BytesMax;

    private const int DescriptionBytesMin = 64 << 10;

    /// <summary>Longest graceful stop; what is not delivered by then waits in the buffer.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Runs until cancelled, told to stop by a signal, or broken. Returns the process's exit code.</summary>
    public static Task<int> RunAsync(
        GatewayConfiguration configuration, RunOptions options, CancellationToken cancellationToken) =>
        RunAsync(configuration, options, new HostSurroundings(TimeProvider.System, Dice(), AddLog), cancellationToken);

    /// <summary>The same with a clock, dice and a log of the caller's own: how the tests run a whole agent.</summary>
    internal static async Task<int> RunAsync(
        GatewayConfiguration configuration,
        RunOptions options,
        HostSurroundings surroundings,
        CancellationToken cancellationToken)
    {
        using var host = Build(configuration, options, surroundings);
        var log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Sluice.Agent");
        Log.Starting(log, configuration.Gateway.Id, AgentVersion.Text, configuration.Hash);
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        options.Started();
        host.Services.GetRequiredService<ProofLoop>().Ask();
        await host.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);

        var broken = host.Services.GetServices<IHostedService>()
            .OfType<BackgroundService>()
            .FirstOrDefault(loop => loop.ExecuteTask is { IsFaulted: true });
        host.Services.GetRequiredService<AuditLoop>().Close(new AuditNote(
            AuditKind.Life, AuditLoop.StopVerb, broken is null ? "done" : "failed", broken is null
                ? "The agent was stopped." : $"{broken.GetType().Name} broke, and the agent stops.")
            {
                New = configuration.Hash,
            });
        if (broken is not null)
        {
            Log.Broken(log, broken.GetType().Name, broken.ExecuteTask!.Exception!.GetBaseException());
            return ExitCode.OurFault;
        }

        Log.Stopped(log);
        return ExitCode.Fine;
    }

    private static IHost Build(
        GatewayConfiguration configuration, RunOptions options, HostSurroundings surroundings)
    {
        var clock = surroundings.Clock;
        var builder = new HostApplicationBuilder(
            new HostApplicationBuilderSettings { DisableDefaults = true, ApplicationName = "sluice-agent" });
        surroundings.AddLog(builder.Logging);
        var services = builder.Services;
        services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTimeout);
        AddWordToSystemd(services);
        services.AddSingleton(configuration);
        services.AddSingleton(options);
        services.AddSingleton(clock);
        services.AddSingleton<DeviceRoll>();
        var hostClock = surroundings.HostClock ?? ClockOf(configuration, surroundings.Random);

        AddAudit(services, configuration, options, clock);
        services.AddSingleton(s => new MachineBinding(
            configuration, surroundings.Machine ?? MachineFacts.Here(configuration.Identity.Directory), clock,
            hostClock, Logger<MachineBinding>(s)));
        AddLoop(services, s => new BufferLoop(
            StoreSwitch.OnDisk(
                LessWhatSourcesKeep(configuration), clock, hostClock,
                () => (surroundings.Machine ?? MachineFacts.Here(configuration.Buffer.Directory)).Place),
            configuration.Buffer.CommitEvery,
            clock,
            Logger<BufferLoop>(s)));
        services.AddSingleton<IBrokerLink>(s => new MqttBrokerLink(
            configuration, clock, s.GetRequiredService<ValidityClock>(), null,
            s.GetRequiredService<MachineBinding>().Refusal));
        AddLoop(services, s => new Publisher(
            configuration, s.GetRequiredService<BufferLoop>(), s.GetRequiredService<IBrokerLink>(), clock,
            surroundings.Random,
            Logger<Publisher>(s),
            s.GetRequiredService<DeviceRoll>(),
            Signals(configuration, s, clock))
        {
            Audit = s.GetRequiredService<AuditLoop>().Tell,
        });
        AddLoop(services, s => new PostureLoop(
            configuration.Buffer.Directory, s.GetRequiredService<Publisher>().Tell, clock,
            new AuditLog(LinuxIdentityDisk.Beside(configuration.Identity.Directory)),
            () => Egress(s, options)));
        AddIdentity(services, configuration, clock, hostClock);
        services.AddSingleton<IReadOnlyList<Sampler>>(s => [.. configuration.Sources.Select(source => new Sampler(
            source, Open(source, configuration.Buffer, clock), s.GetRequiredService<BufferLoop>(), clock,
            Logger<Sampler>(s), s.GetRequiredService<DeviceRoll>()))]);
        AddRenewal(services, configuration, clock, hostClock);
        AddProof(services, configuration, options, clock);
        AddStatus(services, configuration, options, clock);
        for (var i = 0; i < configuration.Sources.Count; i++)
        {
            var index = i;
            services.AddSingleton<IHostedService>(s => s.GetRequiredService<IReadOnlyList<Sampler>>()[index]);
        }

        AddWatchdog(services, clock);
        return builder.Build();
    }

    private static EgressFacts Egress(IServiceProvider services, RunOptions options) =>
        new(options.Jail, services.GetRequiredService<ProofLoop>().View)
        {
            HostRules = services.GetRequiredService<HostProofWatch>().View,
        };

    /// <summary>First of all loops, and so the last one that stops.</summary>
    private static void AddAudit(
        IServiceCollection services, GatewayConfiguration configuration, RunOptions options, TimeProvider clock) =>
        AddLoop(services, s => new AuditLoop(
            new AuditSurroundings
            {
                Disk = LinuxIdentityDisk.Beside(configuration.Identity.Directory),
                IsThere = () => Directory.Exists(configuration.Identity.Directory),
                ClockWord = () => EnrolmentContext.WordOf(s.GetRequiredService<ValidityClock>().Now()),
                Record = () => s.GetRequiredService<BufferLoop>().View.Record,
                Configuration = configuration.Hash,
                Options = options,
            },
            clock, Logger<AuditLoop>(s)));

    /// <summary>What watches the identity in use and the time by which it is judged.</summary>
    private static void AddIdentity(
        IServiceCollection services, GatewayConfiguration configuration, TimeProvider clock, IHostClock hostClock)
    {
        var goodTime = new GoodTimeFile(LinuxIdentityDisk.Beside(configuration.Identity.Directory), ".agent");
        services.AddSingleton(s => new ValidityClock(
            clock,
            () => s.GetRequiredService<BufferLoop>().View.Record?.Clock.IsSet ?? hostClock.IsSynchronised(),
            goodTime.Read));
        AddLoop(services, s => new IdentityWatch(
            configuration, s.GetRequiredService<ValidityClock>(), s.GetRequiredService<Publisher>().Withdraw, clock,
            Logger<IdentityWatch>(s), s.GetRequiredService<MachineBinding>().Refusal,
            s.GetRequiredService<AuditLoop>().Tell,
            s.GetRequiredService<IHostApplicationLifetime>().StopApplication)
        {
            Broker = () => s.GetRequiredService<Publisher>().Attempt.BrokerChain,
            Tells = s.GetRequiredService<Publisher>().Tell,
        });
        AddLoop(services, s => new GoodTimeLoop(
            s.GetRequiredService<ValidityClock>(), configuration, goodTime, clock, Logger<GoodTimeLoop>(s)));
    }

    private static void AddStatus(
        IServiceCollection services, GatewayConfiguration configuration, RunOptions options, TimeProvider clock)
    {
        services.AddSingleton<StatusReporter>();
        AddLoop(services, s => new StatusServer(
            options.SocketPath, s.GetRequiredService<StatusReporter>().Report, clock, Logger<StatusServer>(s),
            word => Said(s, word)));
        if (configuration.Light is { } light)
        {
            AddLoop(services, s => new LightLoop(
                new StatusLight(light.Chip, light.Line), s.GetRequiredService<StatusReporter>().Glance, clock,
                Logger<LightLoop>(s)));
        }
    }

    private static void Said(IServiceProvider services, string word)
    {
        if (word == StatusServer.Prove)
        {
            services.GetRequiredService<ProofLoop>().Ask();
        }
        else
        {
            services.GetRequiredService<RenewalLoop>().Ask();
        }
    }

    /// <summary>The walls are tried by a loop of its own: a connection that nobody refuses is waited for.</summary>
    private static void AddProof(
        IServiceCollection services, GatewayConfiguration configuration, RunOptions options, TimeProvider clock)
    {
        var plan = JailPlan.Of(configuration, options.Paths, []);
        var attempts = new EscapeAttempts(
            configuration.Broker.Port, plan.Ports,
            [.. plan.Folders.Where(folder => folder.Use == FolderUse.Owns).Select(folder => folder.Path)]);
        services.AddSingleton(s => new HostProofWatch(
            Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.SocketPath))!, HostProof.FileName),
            HostBoot.Now, Logger<HostProofWatch>(s)));
        AddLoop(services, s => new ProofLoop(
            options.Jail, attempts.Try, clock, Logger<ProofLoop>(s), () => s.GetRequiredService<PostureLoop>().Look()));
        services.AddSingleton<Func<ProofView?>>(s =>
        {
            var proof = s.GetRequiredService<ProofLoop>();
            return () => proof.View;
        });
    }

    /// <summary>
    /// Made before the publisher starts, whose ears they take. The clock is as the loop of the buffer knows it: once
    /// set it stays set in this boot.
    /// </summary>
    private static void AddRenewal(
        IServiceCollection services, GatewayConfiguration configuration, TimeProvider clock, IHostClock hostClock)
    {
        services.AddSingleton(s =>
        {
            var buffer = s.GetRequiredService<BufferLoop>();
            return IdentitySurroundings.Of(
                configuration, clock, new WatchedHostClock(
                    () => buffer.View.Record?.Clock.IsSet ?? hostClock.IsSynchronised()),
                s.GetRequiredService<MachineBinding>().Refusal);
        });
        AddLoop(services, s => new RenewalLoop(
            s.GetRequiredService<IdentitySurroundings>(), s.GetRequiredService<Publisher>(),
            s.GetRequiredService<ValidityClock>(), Logger<RenewalLoop>(s), s.GetRequiredService<AuditLoop>().Tell));
        AddLoop(services, s => new TrustLoop(
            s.GetRequiredService<IdentitySurroundings>(), s.GetRequiredService<Publisher>(), Logger<TrustLoop>(s)));
        services.AddSingleton<Func<RenewalView>>(s =>
        {
            var renewal = s.GetRequiredService<RenewalLoop>();
            return () => renewal.View;
        });
        services.AddSingleton<Func<TrustView>>(s =>
        {
            var trust = s.GetRequiredService<TrustLoop>();
            return () => trust.View;
        });
    }

    /// <summary>
    /// The signals as the sources count them; their descriptions lie in the buffer's directory, because they belong to
    /// the readings that are stored there.
    /// </summary>
    private static SignalRoll Signals(GatewayConfiguration configuration, IServiceProvider services, TimeProvider clock)
    {
        var epochs = services.GetRequiredService<IReadOnlyList<Sampler>>()
            .SelectMany(sampler => sampler.CounterEpochs).ToDictionary();
        var file = new SignalHistoryFile(
            Path.Combine(configuration.Buffer.Directory, "signals"), DescriptionBytes(configuration));
        return new SignalRoll(
            [.. configuration.Sources.SelectMany(source => source.Signals)
                .Select(each => new DescribedSignal(each.Signal, epochs.GetValueOrDefault(each.Signal)))],
            file, clock, Logger<Publisher>(services));
    }

    private static IHostClock ClockOf(GatewayConfiguration configuration, Random random)
    {
        var here = HostClock.Here(() => NewBoot(random));
        return configuration.IsClockTrusted ? new TrustedClock(here.Boot) : here;
    }

    private static Guid NewBoot(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private static void AddLog(ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });

        // Everything to standard error: standard output belongs to the verbs' answers.
        logging.Services.Configure<ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddFilter("Microsoft", LogLevel.Warning);
    }

    /// <summary>A source for one look at it: what it counts is kept nowhere.</summary>
    internal static ISignalSource OpenOnce(SourceSettings settings, TimeProvider clock) =>
        Open(settings, null, clock);

    private static ISignalSource Open(
        SourceSettings settings, BufferSettings? buffer, TimeProvider clock) => settings switch
    {
        ModbusTcpSettings modbus => Guarded(
            new ModbusSource(
                modbus.Name, modbus.Addresses, modbus.Options, clock, Holes(buffer, modbus)),
            modbus.Guards, clock),
        ModbusRtuSettings rtu => Guarded(
            ModbusSource.OverRtu(
                rtu.Name, rtu.Addresses, rtu.Port, rtu.Converter, rtu.Options, clock,
                Holes(buffer, rtu)),
            rtu.Guards, clock),
        GpioSettings gpio => new GpioSource(
            gpio.Name, gpio.Lines, gpio.Chip, new GpioOptions(), Counters(buffer, gpio), clock),
        SensorSettings sensors => new SensorSource(sensors.Name, sensors.Sensors, "/sys", clock),
        SimulatedSettings simulated => new SimulatedSource(simulated.Name, simulated.Shapes, clock),
        _ => throw new InvalidOperationException($"No source is wired for {settings.GetType().Name}."),
    };

    private static ReadHoleFile? Holes(BufferSettings? buffer, SourceSettings source) =>
        buffer is null ? null : new ReadHoleFile(Kept(buffer, "holes", source));

    private static ICounterState Counters(BufferSettings? buffer, SourceSettings source) =>
        buffer is null ? new MemoryCounterState() : new FileCounterState(Kept(buffer, "counters", source));

    private static ISignalSource Guarded(
        ISignalSource source, IReadOnlyList<SignalGuard> guards, TimeProvider clock) =>
        guards.Count == 0 ? source : new GuardedSource(source, guards, clock);

    /// <summary>
    /// What a source keeps for its next start lies below the readings, because they belong together: what was counted
    /// and what was stored. In a folder of its own: the store sets a file that it does not know aside.
    /// </summary>
    private static string Kept(BufferSettings buffer, string what, SourceSettings source) =>
        Path.Combine(buffer.Directory, what, source.Name + ".txt");

    /// <summary>Room for the descriptions of the signals, and of those that a list had before.</summary>
    private static int DescriptionBytes(GatewayConfiguration configuration)
    {
        var wanted = Math.Max(DescriptionBytesMin, configuration.Sources.Sum(source => source.Signals.Count) * 1024L);
        return (int)Math.Min(wanted, configuration.Buffer.SizeBytesMax / 16);
    }

    /// <summary>
    /// What the store may take of the buffer's size: the rest is for what sources keep, each file twice while it is
    /// being replaced, for two copies of the descriptions and one that is being written, and never more than a quarter.
    /// </summary>
    private static BufferSettings LessWhatSourcesKeep(GatewayConfiguration configuration)
    {
        var kept = (configuration.Sources.Count(source => source is ModbusSettings or GpioSettings) * KeptBytes * 2L)
            + (DescriptionBytes(configuration) * 3L);
        var size = configuration.Buffer.SizeBytesMax;
        return configuration.Buffer with { SizeBytesMax = size - Math.Min(kept, size / 4) };
    }

    private static void AddLoop<TLoop>(IServiceCollection services, Func<IServiceProvider, TLoop> make)
        where TLoop : class, IHostedService
    {
        services.AddSingleton(make);
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<TLoop>());
    }

    private static ILogger<T> Logger<T>(IServiceProvider services) => services.GetRequiredService<ILogger<T>>();

    /// <summary>Jitter, its seed from the kernel: a hundred gateways must not come back in step.</summary>
    private static Random Dice() => new(RandomNumberGenerator.GetInt32(int.MaxValue));
}
