using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Schemas;

/// <summary>A reading as the message carried it.</summary>
/// <param name="Value">The JSON text of the value; a text without its quotes.</param>
/// <param name="ValueKind">What kind of JSON it was.</param>
/// <param name="Quality">Good where the message left it out.</param>
/// <param name="Digest">Over the bytes from brace to brace: a duplicate must have the same.</param>
public readonly record struct MesReading(
    long Position, string Signal, DateTime SourceTimestamp, string Value, JsonValueKind ValueKind,
    string Quality, string Reason, ulong Digest);

public sealed record DataMessage(
    string Gateway, string Store, bool Historical, DateTime Sent, IReadOnlyList<MesReading> Readings);

public sealed record StatusMessage(string Gateway, string Run, bool IsOnline, string Reason);

/// <param name="Text">The message as it came, held to its schema.</param>
public sealed record PostureMessage(string Gateway, string Run, DateTime Sent, string Text)
{
    /// <summary>One that was sent again may come behind a younger one of its run: the younger counts.</summary>
    public bool IsNotOlderThan(string run, DateTime sent) => Run != run || Sent >= sent;

    /// <summary>The newest line of the gateway's audit log; null where it does not say.</summary>
    public LogHead? Audit { get; init; }
}

/// <param name="Line">The number of a line of an audit log.</param>
/// <param name="Hash">Its SHA-256.</param>
public sealed record LogHead(long Line, string Hash);

/// <param name="Name">Source, slash, name.</param>
/// <param name="Type">As the signal list has it.</param>
/// <param name="Unit">Empty where there is none.</param>
/// <param name="Description">Empty where there is none.</param>
/// <param name="Last">The present state; null where there is none yet.</param>
/// <param name="LastStore">The store that holds it.</param>
/// <param name="CounterBits">The width of a counter; 0 where it is none.</param>
/// <param name="Epoch">When the gateway's own count began at 0; empty where a device counts.</param>
/// <param name="Texts">What the values of a state mean.</param>
/// <param name="Until">Where a retired one ends, by store; none for one that is in force.</param>
public sealed record BirthSignal(string Name, string Type, string Unit, string Description, MesReading? Last,
    string LastStore, int CounterBits, string Epoch, IReadOnlyDictionary<long, string> Texts,
    IReadOnlyList<StoreEnd> Until);

/// <summary>A description holds for readings below this position of a store.</summary>
public readonly record struct StoreEnd(string Store, long Before);

public sealed record BirthMessage(
    string Gateway, string Run, string Agent, string Configuration, string Storage,
    IReadOnlyList<string> Stores, IReadOnlyList<string> Memories, IReadOnlyList<BirthSignal> Signals,
    IReadOnlyList<BirthSignal> Retired);

public sealed record StoreAccount(
    string Store, bool IsVolatile, long First, long Next, long Waiting, long Dropped,
    IReadOnlyList<Positions> Acknowledged, IReadOnlyList<DropAccount> Drops,
    IReadOnlyList<CorrectionAccount> Corrections);

public sealed record DropAccount(Positions Range, long Count, string Reason);

public sealed record LedgerMessage(
    string Gateway, string Run, long Number, long Waiting, long? CatchUpSeconds, IReadOnlyList<StoreAccount> Stores,
    ClockAccount? Clock, IReadOnlyList<GapAccount> Gaps)
{
    /// <summary>How often the recording was interrupted, ever.</summary>
    public long Interrupted { get; init; }
}

/// <summary>
/// The messages of contract v1, read by a program that knows the contract and nothing of the gateway. Each method
/// returns what it could read and adds a sentence to <c>faults</c> for whatever the contract does not allow. Pure.
/// <para>
/// An MES in production ignores members that it does not know. This receiver is a judge as well, so they are faults
/// here: what the agent sends and what WIRE.md says must not drift apart.
/// </para>
/// </summary>
public static partial class Contract
{
    public const int ReadingsMax = 500;
    public const int DropsMax = 1000;

    private static readonly string[] Reasons =
    [
        "Timeout", "DeviceException", "Checksum", "Disconnected", "OutOfRange", "NotRead", "Stale", "LayoutChanged",
        "EdgesLost", "ClockNotSet",
    ];

    private static readonly string[] DropReasons = ["Overflow", "Corrupt", "Volatile", "Torn"];

    public static DataMessage Data(JsonElement root, List<string> faults)
    {
        var message = new ContractReader(root, "data", faults);
        var gateway = Head(message);
        var store = Id(message, "store");
        var historical = message.Truth("historical");
        var sent = message.Instant("sent");
        List<MesReading> readings = [];
        var after = 0L;
        foreach (var element in message.List("readings"))
        {
            var reading = Reading(element, "reading", withSignal: true, faults);
            if (reading.Position <= after)
            {
                faults.Add($"data: position {reading.Position} stands behind {after}");
            }

            after = reading.Position;
            readings.Add(reading);
        }

        message.Require(readings.Count is > 0 and <= ReadingsMax, $"{readings.Count} readings, 1 to 500 are allowed");
        message.RefuseOthers();
        return new DataMessage(gateway, store, historical, sent, readings);
    }

    public static StatusMessage Status(JsonElement root, List<string> faults)
    {
        var message = new ContractReader(root, "status", faults);
        var gateway = Head(message);
        var run = Id(message, "run");
        var state = message.Text("state");
        var reason = message.OptionalText("reason");
        message.Require(state is "online" or "offline", $"state '{state}' is neither online nor offline");
        message.Require(state == "online" == (reason.Length == 0), "offline has a reason, online has none");
        if (message.Optional("sent") is not null)
        {
            message.Instant("sent");
        }

        message.RefuseOthers();
        return new StatusMessage(gateway, run, state == "online", reason);
    }

    /// <summary>Its head; that the rest has the right form is the schema's business, and nothing is computed with it.
    /// </summary>
    public static PostureMessage Posture(JsonElement root, List<string> faults)
    {
        var message = new ContractReader(root, "posture", faults);
        return new PostureMessage(Head(message), Id(message, "run"), message.Instant("sent"), root.GetRawText())
        {
            Audit = message.Optional("audit") is { } audit
                ? new LogHead(
                    new ContractReader(audit, "posture.audit", faults).Whole("line"),
                    new ContractReader(audit, "posture.audit", faults).Text("hash"))
                : null,
        };
    }

    public static LedgerMessage Ledger(JsonElement root, List<string> faults)
    {
        var message = new ContractReader(root, "ledger", faults);
        var gateway = Head(message);
        message.Instant("sent");
        var ledger = new LedgerMessage(
            gateway, Id(message, "run"), message.Whole("number"), message.Whole("waiting"),
            message.Optional("catchUpSeconds") is null ? null : message.Whole("catchUpSeconds"),
            [.. message.List("stores").Select(element => Account(element, faults))], Clock(message, faults),
            Gaps(message, faults))
        {
            Interrupted = message.Optional("interrupted") is null ? 0 : message.Whole("interrupted"),
        };
        message.Require(
            ledger.Waiting == ledger.Stores.Sum(store => store.Waiting), "'waiting' is not the sum over the stores");
        message.RefuseOthers();
        return ledger;
    }

    private static string Head(ContractReader message)
    {
        message.Require(!message.IsObject || message.Whole("v") == 1, "'v' is not 1");
        return message.Text("gateway");
    }

    private static string Id(ContractReader message, string name)
    {
        var id = message.Text(name);
        message.Require(id.Length == 0 || HexId().IsMatch(id), $"'{name}' is not 32 lower-case hexadecimal digits");
        return id;
    }

    private static StoreAccount Account(JsonElement element, List<string> faults)
    {
        var store = new ContractReader(element, "ledger store", faults);
        var id = Id(store, "store");
        List<DropAccount> drops = [];
        foreach (var each in store.List("drops"))
        {
            var drop = new ContractReader(each, "drop", faults);
            var range = new Positions(drop.Whole("from"), drop.Whole("to"));
            var reason = drop.Text("reason");
            drops.Add(new DropAccount(range, drop.Whole("count"), reason));
            drop.Require(range.From >= 1 && range.To >= range.From, $"{range} is no range");
            drop.Require(drops[^1].Count is >= 1 && drops[^1].Count <= range.Count,
                $"{drops[^1].Count} readings are not in {range}");
            drop.Require(DropReasons.Contains(reason), $"reason '{reason}' is not in the contract");
            drop.RefuseOthers();
        }

        var account = new StoreAccount(
            id, store.Truth("volatile"), store.Whole("first"), store.Whole("next"), store.Whole("waiting"),
            store.Whole("dropped"), store.Ranges("acknowledged"), drops, Corrections(store, faults));
        store.Require(account.First >= 1 && account.Next >= account.First, "'first' and 'next' do not ascend");
        store.Require(account.Waiting >= 0, "'waiting' is below zero");
        store.Require(drops.Count <= DropsMax, $"{drops.Count} drops, at most {DropsMax} are allowed");
        store.Require(account.Dropped >= drops.Sum(drop => drop.Count), "'dropped' is less than the drops listed");
        store.RefuseOthers();
        return account;
    }

    private static MesReading Reading(JsonElement element, string where, bool withSignal, List<string> faults)
    {
        var reading = new ContractReader(element, where, faults);
        var position = reading.Whole("p");
        var signal = withSignal ? reading.Text("s") : "";
        _ = withSignal ? null : reading.Optional("store");
        var instant = reading.Instant("t");
        var value = reading.Optional("v");
        var quality = reading.Optional("q") is null ? "Good" : reading.Text("q");
        var reason = reading.OptionalText("r");
        var kind = value?.ValueKind ?? JsonValueKind.Undefined;
        reading.Require(position >= 1, $"position {position} is below 1");
        reading.Require(kind is not (JsonValueKind.Undefined or JsonValueKind.Object or JsonValueKind.Array),
            "no value");
        if (reading.Optional("q") is null)
        {
            reading.Require(kind != JsonValueKind.Null, $"position {position} is Good and has no value");
            reading.Require(reason.Length == 0, $"position {position} is Good and has a reason");
        }
        else
        {
            reading.Require(quality is "Uncertain" or "Bad", $"quality '{quality}' is not in the contract");
            reading.Require(Reasons.Contains(reason), $"reason '{reason}' is not in the contract");
        }

        reading.RefuseOthers();
        var text = kind == JsonValueKind.String ? value!.Value.GetString() ?? "" : value?.GetRawText() ?? "";
        var digest = reading.IsObject ? MesDigest.Of(element) : 0;
        return new MesReading(position, signal, instant, text, kind, quality, reason, digest);
    }

    [GeneratedRegex("^[0-9a-f]{32}$")]
    private static partial Regex HexId();
}
