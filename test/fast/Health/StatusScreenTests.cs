using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Agent.Health;
using Sluice.Agent.Publishing;
using Sluice.Fast.Doctor;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Health;

/// <summary>One screen with a plain verdict for each part, and what it is decided from.</summary>
public sealed class StatusScreenTests
{
    private static readonly StatusReport Sound = SoundGateway.Report with
    {
        Sources =
        [
            new SourceStatus("hmi1", "connected", "", 3, 0, 0, "", 0.004, 0, 900, new Dictionary<string, long>())
            {
                Units = [new UnitStatus(1, "answers", 2, 2, ""), new UnitStatus(3, "answers", 1, 1, "")],
                Signals =
                [
                    new SignalStatus("hmi1/oil/temperature", "71.3", "degC", "Good", SoundGateway.Now.UtcDateTime),
                ],
            },
        ],
    };

    [Fact]
    public void Everything_that_a_person_asks_for_stands_on_one_screen_with_its_verdict()
    {
        var screen = StatusText.Render(Sound with
        {
            Uplink = Sound.Uplink with { Answers = new AnswerStatus(0.012, 0.04) },
        });
        foreach (var line in new[]
        {
            "All is well.", "ok    Uplink         connected since", "PUBACK after 12 ms, 40 ms at most",
            "ok    Certificate    in use, version 0003, until 2028-01-30, 335 days left",
            "ok    Buffer         on disk, 3 readings waiting, 8.0 MiB of 2.0 GiB", "ok    Clock          set",
            "ok    Jail           locked in", "ok    Configuration  file",
            "ok    hmi1              connected", "ok      unit 1          answers           2 of 2 Good",
            "ok    hmi1/oil/temperature  71.3 degC            Good                     0.0 s",
        })
        {
            Assert.Contains(line, screen, StringComparison.Ordinal);
        }

        var lines = screen.TrimEnd().Split('\n');
        Assert.True(lines.Length <= 24, $"{lines.Length} lines:\n{screen}");
        Assert.All(lines, line => Assert.True(line.TrimEnd().Length <= 100, line));
    }

    [Fact]
    public void Signals_that_are_not_Good_have_the_first_right_to_a_line_and_the_others_are_counted()
    {
        var many = Enumerable.Range(0, 30).Select(number => new SignalStatus(
            $"hmi1/s{number:00}", "1", "", number == 29 ? "Bad/Timeout" : "Good", null)).ToList();
        var screen = StatusText.Render(Sound with
        {
            Sources = [Sound.Sources[0] with { Signals = many, Unlisted = 70 }],
        });
        Assert.Contains("BAD   hmi1/s29", screen, StringComparison.Ordinal);
        Assert.Contains("and 88 more", screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_part_has_its_own_verdict()
    {
        var (uplink, identity, buffer) = (Sound.Uplink, Sound.Identity!, Sound.Buffer);
        var store = buffer.Stores[0];
        var open = new ProofStatus(1, default, [new AttemptStatus("x", "x", "open", "")]);
        (Verdict Wanted, Verdict Said)[] table =
        [
            (Verdict.Ok, StatusVerdicts.Uplink(Sound)),
            (Verdict.Bad, StatusVerdicts.Uplink(Sound with { Uplink = uplink with { State = "waiting" } })),
            (Verdict.Bad, StatusVerdicts.Uplink(Sound with { Uplink = uplink with { Contested = true } })),
            (Verdict.Look, StatusVerdicts.Uplink(Sound with
            {
                UptimeSeconds = 2, Uplink = uplink with { State = "connecting" },
            })),
            (Verdict.Ok, StatusVerdicts.Certificate(Sound)),
            (Verdict.Bad, StatusVerdicts.Certificate(Sound with { Identity = identity with { State = "none" } })),
            (Verdict.Bad, StatusVerdicts.Certificate(Sound with
            {
                Identity = identity with { NotAfter = Sound.Now.AddDays(-1) },
            })),
            (Verdict.Look, StatusVerdicts.Certificate(Sound with
            {
                Identity = identity with { NotAfter = Sound.Now.AddDays(9) },
            })),
            (Verdict.Unknown, StatusVerdicts.Certificate(Sound with { Identity = null })),
            (Verdict.Ok, StatusVerdicts.Buffer(buffer)),
            (Verdict.Bad, StatusVerdicts.Buffer(buffer with { Storage = "memory" })),
            (Verdict.Bad, StatusVerdicts.Buffer(buffer with { Fault = "full." })),
            (Verdict.Look, StatusVerdicts.Buffer(buffer with { Stores = [store with { Dropped = 1 }] })),
            (Verdict.Look, StatusVerdicts.Buffer(buffer with
            {
                Stores = [store with { Waiting = 4999, SizeBytes = 2L << 30 }],
            })),
            (Verdict.Bad, StatusVerdicts.Clock(Sound with { Clock = new ClockStatus("not set", "", 0, "") })),
            (Verdict.Bad, StatusVerdicts.Jail(Sound.Jail! with { Proof = open })),
            (Verdict.Look, StatusVerdicts.Jail(new JailStatus(0, true, ""))),
            (Verdict.Bad, StatusVerdicts.Configuration(Sound.Configuration with { Origin = "last-good" })),
            (Verdict.Bad, StatusVerdicts.Source(Sound.Sources[0] with { Good = 0, Bad = 3 })),
            (Verdict.Look, StatusVerdicts.Source(Sound.Sources[0] with { Bad = 1 })),
            (Verdict.Bad, StatusVerdicts.Unit(new UnitStatus(1, "silent", 0, 2, "Timeout"))),
            (Verdict.Unknown, StatusVerdicts.Unit(new UnitStatus(1, "not read", 0, 2, "NotRead"))),
            (Verdict.Look, StatusVerdicts.Signal(new SignalStatus("a", "1", "", "Uncertain/Stale", null))),
        ];
        Assert.Equal(table.Select(each => each.Wanted), table.Select(each => each.Said));
    }

    [Fact]
    public void A_unit_is_judged_by_its_signals_and_one_that_says_no_answers()
    {
        const string list = "signal,address,type,unitId\na,holding:1,uint16,1\nb,holding:2,uint16,1\n"
            + "c,holding:1,uint16,2\nd,holding:1,uint16,3\ne,holding:1,uint16,4\n";
        var source = (ModbusSettings)ConfigurationReader.Read(
            new ProblemList("gateway.json"), Encoding.UTF8.GetBytes("""
            { "gateway": { "site": "p", "id": "g" },
              "broker": { "host": "b", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
              "sources": { "m": { "kind": "modbus-tcp", "address": "10.0.0.1", "signals": "m.csv" } } }
            """), _ => (Encoding.UTF8.GetBytes(list), "")).Configuration!.Sources[0];
        Quality[] qualities =
        [
            Quality.Good, Quality.Bad(QualityReason.Timeout), Quality.Bad(QualityReason.DeviceException),
            Quality.Bad(QualityReason.Timeout), Quality.Bad(QualityReason.NotRead),
        ];
        Reading[] latest = [.. source.Signals.Zip(qualities, (each, quality) =>
            new Reading(each.Signal, SignalValue.From(7L), quality, default))];

        Assert.Equal(
            [
                new UnitStatus(1, "answers", 1, 2, "Timeout"), new UnitStatus(2, "answers", 0, 1, "DeviceException"),
                new UnitStatus(3, "silent", 0, 1, "Timeout"), new UnitStatus(4, "not read", 0, 1, "NotRead"),
            ],
            SignalViews.Units(source, latest));
        Assert.Equal([0, 1, 2, 3, 4], SignalViews.Listed(latest, 5));
        Assert.Equal([1, 2, 3], SignalViews.Listed(latest, 3));
        Assert.Equal(7, SignalViews.Describe(latest[0]).Number);
        Assert.Null(SignalViews.Describe(latest[0] with { Value = SignalValue.From("seven") }).Number);
    }

    [Fact]
    public void The_time_of_answers_is_that_of_the_last_few_dozen()
    {
        var times = new AnswerTimes();
        Assert.Null(times.Median);
        Assert.Null(times.Longest);
        times.Observe(TimeSpan.FromSeconds(9));
        for (var i = 1; i <= 500; i++)
        {
            times.Observe(TimeSpan.FromMilliseconds(i));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(500), times.Longest);
        Assert.Equal(TimeSpan.FromMilliseconds(500 - (AnswerTimes.Kept / 2)), times.Median);
    }
}
