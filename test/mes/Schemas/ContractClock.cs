using System.Text.Json;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Schemas;

/// <summary>Readings that got another time before they were sent: what was added to what the clock showed.</summary>
public sealed record CorrectionAccount(string Boot, Positions Range, long OffsetMilliseconds);

/// <summary>The gateway's clock was moved.</summary>
public sealed record StepAccount(string Boot, DateTime At, long OffsetMilliseconds, bool IsSet);

public sealed record ClockAccount(bool IsSet, string Boot, long Stepped, IReadOnlyList<StepAccount> Steps);

/// <summary>An interval in which the gateway recorded nothing.</summary>
public sealed record GapAccount(
    DateTime From, DateTime To, string Reason, long LossMilliseconds, bool IsRebooted, bool IsClockSet)
{
    /// <summary>For a person.</summary>
    public override string ToString() =>
        $"nothing recorded from {From:u} to {To:u}: {(Reason == "Stopped" ? "the agent was stopped" : "not closed")}"
        + (LossMilliseconds > 0 ? $", readings of the last {LossMilliseconds} ms before it may be lost" : "")
        + (IsRebooted ? ", the machine was started again" : "") + (IsClockSet ? "" : ", the clock was not set");
}

/// <summary>What the ledger says of clock and recording.</summary>
public static partial class Contract
{
    private const int CorrectionsMax = 256;
    private const int StepsMax = 100;
    private const int GapsMax = 100;

    private static ClockAccount? Clock(ContractReader message, List<string> faults)
    {
        if (message.Optional("clock") is not { } element)
        {
            return null;
        }

        var clock = new ContractReader(element, "clock", faults);
        List<StepAccount> steps = [];
        foreach (var each in clock.List("steps"))
        {
            var step = new ContractReader(each, "clock step", faults);
            steps.Add(new StepAccount(Id(step, "boot"), step.Instant("at"), step.Whole("offsetMs"), IsSet(step)));
            step.RefuseOthers();
        }

        var account = new ClockAccount(
            IsSet(clock), Id(clock, "boot"), clock.Whole("stepped"), steps);
        clock.Require(steps.Count <= StepsMax, $"{steps.Count} steps, at most {StepsMax} are allowed");
        clock.Require(account.Stepped >= steps.Count, "'stepped' is less than the steps listed");
        clock.RefuseOthers();
        return account;
    }

    private static List<GapAccount> Gaps(ContractReader message, List<string> faults)
    {
        List<GapAccount> gaps = [];
        if (message.Optional("gaps") is null)
        {
            return gaps;
        }

        foreach (var each in message.List("gaps"))
        {
            var gap = new ContractReader(each, "gap", faults);
            var reason = gap.Text("reason");
            gaps.Add(new GapAccount(
                gap.Instant("from"), gap.Instant("to"), reason, gap.Whole("lossMs"), gap.Truth("rebooted"),
                IsSet(gap, "clock")));
            gap.Require(reason is "Stopped" or "NotClosed" or "Volatile", $"reason '{reason}' is not in the contract");
            gap.RefuseOthers();
        }

        message.Require(gaps.Count <= GapsMax, $"{gaps.Count} gaps, at most {GapsMax} are allowed");
        message.Require(message.Whole("interrupted") >= gaps.Count, "'interrupted' is less than the gaps listed");
        return gaps;
    }

    private static List<CorrectionAccount> Corrections(ContractReader store, List<string> faults)
    {
        List<CorrectionAccount> corrections = [];
        if (store.Optional("corrections") is null)
        {
            return corrections;
        }

        var after = 0L;
        foreach (var each in store.List("corrections"))
        {
            var rule = new ContractReader(each, "correction", faults);
            var range = new Positions(rule.Whole("from"), rule.Whole("to"));
            corrections.Add(new CorrectionAccount(Id(rule, "boot"), range, rule.Whole("offsetMs")));
            rule.Require(range.From > after && range.To >= range.From, $"{range} does not ascend");
            after = range.To;
            rule.RefuseOthers();
        }

        store.Require(corrections.Count is > 0 and <= CorrectionsMax, $"{corrections.Count} corrections");
        return corrections;
    }

    private static bool IsSet(ContractReader of, string name = "state")
    {
        var word = of.Text(name);
        of.Require(word is "Set" or "NotSet", $"'{name}' is '{word}', neither Set nor NotSet");
        return word == "Set";
    }
}
