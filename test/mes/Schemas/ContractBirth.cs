using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Schemas;

/// <summary>What the birth says of signals, counters, states and devices.</summary>
public static partial class Contract
{
    public static BirthMessage Birth(JsonElement root, List<string> faults)
    {
        var message = new ContractReader(root, "birth", faults);
        var gateway = Head(message);
        message.Text("site");
        message.Instant("sent");
        if (message.Optional("reduced") is not null)
        {
            message.Require(message.Truth("reduced"), "'reduced' is left out where nothing was");
        }

        if (message.Optional("unlisted") is not null)
        {
            message.Require(message.Whole("unlisted") > 0, "'unlisted' is left out where all signals are there");
            message.Require(message.Optional("reduced") is not null, "signals go last, behind descriptions");
        }

        List<string> stores = [];
        List<string> memories = [];
        foreach (var element in message.List("stores"))
        {
            var store = new ContractReader(element, "birth store", faults);
            stores.Add(Id(store, "store"));
            if (store.Truth("volatile"))
            {
                memories.Add(stores[^1]);
            }

            store.RefuseOthers();
        }

        if (message.Optional("devices") is not null)
        {
            foreach (var element in message.List("devices"))
            {
                Device(element, faults);
            }
        }

        var birth = new BirthMessage(
            gateway, Id(message, "run"), message.Text("agent"), message.Text("config"), message.Text("storage"), stores,
            memories,
            [.. message.List("signals").Select(element => Signal(element, isRetired: false, faults))],
            message.Optional("retired") is null
                ? []
                : [.. message.List("retired").Select(element => Signal(element, isRetired: true, faults))]);
        message.Require(ConfigurationHash().IsMatch(birth.Configuration), "'config' is not a SHA-256");
        message.Require(birth.Storage is "disk" or "memory", $"storage '{birth.Storage}' is neither disk nor memory");
        message.RefuseOthers();
        return birth;
    }

    private static void Device(JsonElement element, List<string> faults)
    {
        var device = new ContractReader(element, "birth device", faults);
        device.Text("source");
        device.Whole("unitId");
        foreach (var told in (string[])["vendor", "product", "revision", "model", "label"])
        {
            if (device.Optional(told) is not null)
            {
                device.Text(told);
            }
        }

        device.RefuseOthers();
    }

    private static BirthSignal Signal(JsonElement element, bool isRetired, List<string> faults)
    {
        var signal = new ContractReader(element, "birth signal", faults);
        var last = isRetired ? null : signal.Optional("last");
        var (bits, epoch) = Counter(signal, faults);
        var born = new BirthSignal(
            signal.Text("s"), signal.Text("type"), signal.OptionalText("unit"), signal.OptionalText("description"),
            last is null ? null : Reading(last.Value, "last reading", withSignal: false, faults),
            last is null ? "" : Id(new ContractReader(last.Value, "last reading", faults), "store"),
            bits, epoch, Texts(signal, faults), isRetired ? Until(signal, faults) : []);
        signal.Text("source");
        signal.RefuseOthers();
        return born;
    }

    private static (int Bits, string Epoch) Counter(ContractReader signal, List<string> faults)
    {
        if (signal.Optional("counter") is not { } element)
        {
            return (0, "");
        }

        var counter = new ContractReader(element, "birth counter", faults);
        var bits = counter.Whole("bits");
        counter.Require(bits is 16 or 32 or 64, $"a counter of {bits} bits is not in the contract");
        var epoch = counter.Optional("epoch") is null ? "" : Id(counter, "epoch");
        counter.RefuseOthers();
        return ((int)bits, epoch);
    }

    private static Dictionary<long, string> Texts(ContractReader signal, List<string> faults)
    {
        Dictionary<long, string> texts = [];
        if (signal.Optional("texts") is null)
        {
            return texts;
        }

        foreach (var element in signal.List("texts"))
        {
            var text = new ContractReader(element, "birth text", faults);
            var value = text.Whole("value");
            text.Require(texts.TryAdd(value, text.Text("text")), $"value {value} has two texts");
            text.RefuseOthers();
        }

        return texts;
    }

    private static List<StoreEnd> Until(ContractReader signal, List<string> faults)
    {
        List<StoreEnd> ends = [];
        foreach (var element in signal.List("until"))
        {
            var end = new ContractReader(element, "retired until", faults);
            ends.Add(new StoreEnd(Id(end, "store"), end.Whole("before")));
            end.Require(ends[^1].Before >= 1, "'before' is no position");
            end.RefuseOthers();
        }

        signal.Require(ends.Count > 0, "a retired signal of which nothing is held is not told");
        return ends;
    }

    [GeneratedRegex("^[0-9a-f]{64}$")]
    private static partial Regex ConfigurationHash();
}
