using Sluice.Agent;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Uplink;
using Sluice.Fast.Uplink;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.Validity;

/// <summary>
/// One table: what each act that looks at a date does under each clock, and whether it blames the clock or the
/// certificate. Certificates are valid from now for a year; lists for 30 days.
/// </summary>
public sealed class ClockTable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    /// <summary>Year, whether the clock counts as set, and how: works, works with a word on the clock, or not.
    /// </summary>
    public static TheoryData<string, int, bool, string> Connects => new()
    {
        { "dead battery", 1970, false, "works, clock" },
        { "dead battery, declared right", 1970, true, "works, clock" },
        { "two years behind", -2, false, "works, clock" },
        { "two years behind, declared right", -2, true, "works, clock" },
        { "right", 0, true, "works" },
        { "right, and nobody set it", 0, false, "works" },
        { "2038, and nobody set it", 2038, false, "clock" },
        { "the real 2038", 2038, true, "expired" },
    };

    [Theory]
    [MemberData(nameof(Connects))]
    public async Task A_connection_under_each_clock(string name, int year, bool isSet, string outcome)
    {
        await using var gateway = new EnrolledGateway();
        gateway.UseIdentity().Dispose();
        await gateway.Broker.StartAsync(CancellationToken.None);
        gateway.SetClock(Wall(year), isSet);
        await using var link = new MqttBrokerLink(
            gateway.Configuration, gateway.Clock, gateway.Context.Validity, null);

        var connected = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);

        var verdict = outcome switch
        {
            "clock" => ConnectVerdict.Clock,
            "expired" => ConnectVerdict.BrokerDates,
            _ => ConnectVerdict.Connected,
        };
        Assert.Equal((name, verdict), (name, connected.Verdict));
        Assert.Equal(outcome == "expired", connected.NeedsPerson);
        Told(outcome, string.Join(' ', connected.Terms?.Warnings ?? [connected.Sentence]));
    }

    [Theory]
    [MemberData(nameof(Connects))]
    public async Task Verify_under_each_clock(string name, int year, bool isSet, string outcome)
    {
        await using var gateway = new EnrolledGateway();
        gateway.UseIdentity().Dispose();
        await gateway.Broker.StartAsync(CancellationToken.None);
        gateway.SetClock(Wall(year), isSet);

        var report = await new Trial(gateway.Context, "/nowhere").RunAsync(ofActive: true, CancellationToken.None);

        Assert.True(Code(outcome) == report.ExitCode, $"{name}: {report.Sentence}");
        Told(name == "right, and nobody set it" ? "works, clock" : outcome,
            outcome.StartsWith("works", StringComparison.Ordinal)
                ? string.Join(' ', report.Notes ?? []) : report.Sentence);

        // Only a clock that is right is saved as a good time.
        Assert.Equal(outcome == "works" && isSet, new GoodTimeFile(
            LinuxIdentityDisk.Beside(gateway.IdentityPath), "").Read() is not null);
    }

    [Theory]
    [InlineData("dead battery", 1970, false, "works")]
    [InlineData("dead battery, declared right", 1970, true, "works")]
    [InlineData("two years behind", -2, false, "works")]
    [InlineData("two years behind, declared right", -2, true, "works")]
    [InlineData("right", 0, true, "works")]
    [InlineData("right, and nobody set it", 0, false, "works")]
    [InlineData("2038, and nobody set it", 2038, false, "clock")]
    [InlineData("the real 2038", 2038, true, "expired")]
    public async Task Import_and_activate_under_each_clock(string name, int year, bool isSet, string outcome)
    {
        await using var gateway = new EnrolledGateway();
        gateway.BringBundle();
        gateway.SetClock(Wall(year), isSet);

        var imported = gateway.Import();

        Assert.True((outcome == "works" ? ExitCode.Fine : ExitCode.Unclear) == imported.ExitCode,
            $"{name}: {imported.Sentence}");
        Told(outcome, imported.Sentence);
        if (outcome != "works")
        {
            Assert.Null(gateway.Context.Store.Look().Staged);
            gateway.SetClock(Now, isSet: true);
            Assert.Equal(ExitCode.Fine, gateway.Import().ExitCode);
            gateway.SetClock(Wall(year), isSet);
        }

        // What was taken in is put into use under any clock: the broker judges by its own.
        var activated = new Adopt(gateway.Context).Activate(unverified: true);
        Assert.Equal(ExitCode.Fine, activated.ExitCode);
        var notes = string.Join(' ', new Adopt(gateway.Context).Status().Notes ?? []);
        Assert.Equal(outcome == "expired", notes.Contains("expired", StringComparison.Ordinal));
        Assert.Equal(!isSet || year is 1970 or -2, notes.Contains("clock says", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("dead battery", 1970, false, "fresh")]
    [InlineData("dead battery, declared right", 1970, true, "fresh")]
    [InlineData("two years behind", -2, false, "fresh")]
    [InlineData("right", 0, true, "fresh")]
    [InlineData("2038, and nobody set it", 2038, false, "clock")]
    [InlineData("the real 2038", 2038, true, "stale")]
    public async Task A_revocation_list_under_each_clock(string name, int year, bool isSet, string outcome)
    {
        await using var gateway = new EnrolledGateway();
        gateway.UseIdentity(CertificateWish.Client(EnrolledGateway.Id) with { NotAfter = Now.AddDays(9999) }).Dispose();
        gateway.UseLists(Now.AddDays(30));
        gateway.SetClock(Wall(year), isSet);

        var loaded = gateway.Context.Load(IdentityDirectory.Current);
        using var identity = loaded.Identity;

        Assert.NotNull(identity);
        var said = string.Join(' ', loaded.Problems.Where(problem => problem.File.EndsWith("crl.pem",
            StringComparison.Ordinal)));
        Assert.True(said.Contains("should have been replaced", StringComparison.Ordinal) == (outcome == "stale"),
            $"{name}: {said}");
        Assert.Equal(outcome == "clock", said.Contains("clock says 2038", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_time_that_a_clock_of_2038_had_saved_locks_nobody_out()
    {
        await using var gateway = new EnrolledGateway();
        gateway.UseIdentity().Dispose();
        await gateway.Broker.StartAsync(CancellationToken.None);
        new GoodTimeFile(LinuxIdentityDisk.Beside(gateway.IdentityPath), "").Write(Wall(2038));
        gateway.SetClock(DateTimeOffset.UnixEpoch, isSet: false);
        await using var link = new MqttBrokerLink(
            gateway.Configuration, gateway.Clock, gateway.Context.Validity, null);

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);

        Assert.Equal(ConnectVerdict.Connected, outcome.Verdict);
        Assert.True(gateway.Context.Time().Floor < Now.AddDays(1));
    }

    private static DateTimeOffset Wall(int year) => year switch
    {
        0 => Now,
        < 0 => Now.AddYears(year),
        _ => new DateTimeOffset(year, 1, 20, 0, 0, 0, TimeSpan.Zero),
    };

    private static int Code(string outcome) => outcome.StartsWith("works", StringComparison.Ordinal) ? ExitCode.Fine
        : outcome == "clock" ? ExitCode.Unavailable : ExitCode.Unclear;

    private static void Told(string outcome, string said)
    {
        Assert.Equal(outcome.EndsWith("clock", StringComparison.Ordinal),
            said.Contains("clock says", StringComparison.Ordinal)
                && !said.Contains("expired", StringComparison.Ordinal));
        Assert.Equal(outcome == "expired", said.Contains("expired", StringComparison.Ordinal));
    }
}
