using System.Globalization;
using System.Runtime.InteropServices;
using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;
using Sluice.Hal.Gpio.Light;
using Sluice.Hal.Sensors;

namespace Sluice.Probe;

/// <summary>
/// The sources of the HAL on the real kernel of the virtual gateway, without the rest of the agent, and what a test
/// measures there by the guest's own clock:
/// <code>
/// sluice-probe watch /dev/gpiochip1 STATE-FILE EVERY-MS press=gpio:DI2,Count,Rising,DEBOUNCE-MS,AsIs,high ...
/// sluice-probe sensors EVERY-MS hwmon:lm75/temp1 ...
/// sluice-probe light /dev/gpiochip1 gpio:LED1 Storing SECONDS
/// sluice-probe clock set | unset
/// sluice-probe first-acknowledged STATUS-SOCKET PROGRAM ARGUMENT ...
/// </code>
/// Every reading that differs from the last one of its signal is a line: name, value, quality, UTC. What the source
/// counted follows a #. Runs until SIGTERM, then closes the source as the agent does, and says CLOSED.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        return arguments switch
        {
            ["watch", var chip, var state, var every, .. var signals] =>
                await WatchAsync(Gpio(chip, state, signals), Milliseconds(every), stop.Token),
            ["sensors", var every, .. var addresses] =>
                await WatchAsync(Sensors(addresses), Milliseconds(every), stop.Token),
            ["light", var chip, var line, var message, var seconds] => Light(chip, line, message, seconds),
            ["clock", "set"] => KernelClockSetter.Set(isSynchronised: true),
            ["clock", "unset"] => KernelClockSetter.Set(isSynchronised: false),
            ["first-acknowledged", var socket, var program, .. var more] =>
                await FirstAcknowledged.MeasureAsync(socket, program, more, stop.Token),
            _ => 64,
        };
    }

    private static async Task<int> WatchAsync(ISignalSource source, TimeSpan every, CancellationToken stop)
    {
        await using (source)
        {
            using var turns = new PeriodicTimer(every);
            var all = Enumerable.Range(0, source.Signals.Count).ToArray();
            var last = new Dictionary<Signal, Reading>();
            var batch = new ReadingBatch();
            var said = "";
            do
            {
                batch.Clear();
                await source.ReadAsync(all, batch, stop).ConfigureAwait(false);
                foreach (var reading in batch.Readings)
                {
                    Tell(last, reading);
                }

                var health = source.Health;
                var now = $"# {health.State} "
                    + $"{string.Join(' ', health.Counters.Select(pair => $"{pair.Key}={pair.Value}"))}"
                    + $" | {health.Sentence}";
                if (now != said)
                {
                    said = now;
                    Console.WriteLine(now);
                }
            }
            while (await NextAsync(turns, stop).ConfigureAwait(false));
        }

        Console.WriteLine("CLOSED");
        return 0;
    }

    private static void Tell(Dictionary<Signal, Reading> last, in Reading reading)
    {
        if (last.TryGetValue(reading.Signal, out var before)
            && before.Value == reading.Value && before.Quality == reading.Quality)
        {
            return;
        }

        last[reading.Signal] = reading;
        Console.WriteLine($"{reading.Signal.Name} {reading.Value} {reading.Quality} {reading.SourceTimestamp:O}");
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer turns, CancellationToken stop)
    {
        try
        {
            return await turns.WaitForNextTickAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static GpioSource Gpio(string chip, string state, string[] signals) => new(
        "line", [.. signals.Select(ParseSignal)], chip, new GpioOptions { KeepEvery = TimeSpan.FromSeconds(1) },
        new FileCounterState(state), TimeProvider.System);

    private static GpioSignal ParseSignal(string text)
    {
        var (name, rest) = (text[..text.IndexOf('=')], text[(text.IndexOf('=') + 1)..].Split(','));
        return new GpioSignal
        {
            Signal = new Signal { Name = name, Source = "line", Type = new SignalType(SignalKind.Count) },
            Line = ParseLine(rest[0]),
            Quantity = Enum.Parse<GpioQuantity>(rest[1]),
            Edges = Enum.Parse<EdgeKinds>(rest[2]),
            Settings = new LineSettings(rest[5] == "low", Enum.Parse<LineBias>(rest[4]), Milliseconds(rest[3])),
        };
    }

    private static SensorSource Sensors(string[] addresses) => new(
        "board", [.. addresses.Select(ParseSensor)], "/sys", TimeProvider.System);

    private static SensorSignal ParseSensor(string text) => new()
    {
        Signal = new Signal { Name = text, Source = "board", Type = new SignalType(SignalKind.Float64) },
        Address = SensorAddress.TryParse(text, out var address, out var problem)
            ? address
            : throw new ArgumentException($"{text} {problem}"),
    };

    private static int Light(string chip, string line, string message, string seconds)
    {
        using var light = new StatusLight(chip, ParseLine(line));
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();
        for (var stood = TimeSpan.Zero; stood < Milliseconds(seconds) * 1000; stood = clock.GetElapsedTime(began))
        {
            var shown = Enum.Parse<LightMessage>(message);
            if (!light.Set(LightPattern.IsOn(shown, stood)))
            {
                Console.WriteLine(light.Problem);
                return 1;
            }

            var wait = LightPattern.UntilChange(shown, stood);
            Thread.Sleep(wait < TimeSpan.FromSeconds(1) ? wait : TimeSpan.FromSeconds(1));
        }

        return 0;
    }

    private static GpioLine ParseLine(string text) => GpioLine.TryParse(text, out var line, out var problem)
        ? line
        : throw new ArgumentException($"{text} {problem}");

    private static TimeSpan Milliseconds(string text) =>
        TimeSpan.FromMilliseconds(int.Parse(text, CultureInfo.InvariantCulture));
}
