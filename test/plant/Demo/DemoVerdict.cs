using System.Globalization;
using Sluice.Mes;
using Sluice.Mes.Streams;

namespace Sluice.Plant.Demo;

/// <summary>What came out: figures, and whether anything was lost. Pure.</summary>
public sealed record DemoVerdict(IReadOnlyList<string> Figures, IReadOnlyList<string> Faults)
{
    public bool IsGood => Faults.Count == 0;

    public static DemoVerdict Of(StreamLedger ledger, string gateway, RecordCheck record, uint given,
        long brokerDropped)
    {
        var stream = ledger.Gateway(gateway);
        List<string> faults = [];
        Expect(faults, stream.Readings > 0, "nothing arrived");
        Expect(faults, stream.Ledger is not null, "no ledger arrived, so nothing can be proved");
        Expect(faults, stream.OpenGaps == 0, $"{stream.OpenGaps} positions below the ledger's next never arrived");
        Expect(faults, stream.Explained == 0, $"the gateway dropped {stream.Explained} readings");
        Expect(faults, record.Arrived > 0, "the record's signal never arrived");
        Expect(faults, record.Missing == 0,
            $"{record.Missing} of {record.Last} values of the plant's record are missing");
        Expect(faults, record.Twice == 0, $"{record.Twice} values of the record came under two positions");
        Expect(faults, record.Last <= given, $"the record reached {record.Last}, the plant gave only {given}");
        Expect(faults, brokerDropped == 0, $"the demo's own broker dropped {brokerDropped} messages");
        faults.AddRange(ledger.Violations.Select(violation => $"contract: {violation.Sentence} ({violation.Topic})"));
        return new DemoVerdict(FiguresOf(ledger, stream, record, given), faults);
    }

    public IEnumerable<string> Lines()
    {
        foreach (var figure in Figures)
        {
            yield return figure;
        }

        foreach (var fault in Faults)
        {
            yield return $"LOST OR WRONG: {fault}";
        }

        yield return IsGood ? "Nothing was lost." : "Something was lost or wrong.";
    }

    private static IReadOnlyList<string> FiguresOf(
        StreamLedger ledger, GatewayStream stream, RecordCheck record, uint given)
    {
        var culture = CultureInfo.InvariantCulture;
        var bytes = stream.Readings == 0 ? 0 : ledger.PayloadBytes / (double)stream.Readings;
        return
        [
            string.Create(culture, $"readings       {stream.Readings} of {stream.Signals.Count} signals, {bytes:0} "
                + $"bytes each"),
            string.Create(culture, $"gaps           {stream.OpenGaps}"),
            string.Create(culture, $"duplicates     {stream.Duplicates}"),
            string.Create(culture, $"historical     {stream.Historical}"),
            string.Create(culture, $"violations     {ledger.ViolationCount}"),
            string.Create(culture, $"births         {stream.Births}"),
            string.Create(
                culture,
                $"plant's record 1 to {record.Last} of {given} given: {record.Arrived} arrived, {record.Missing} "
                    + $"missing"),
        ];
    }

    private static void Expect(List<string> faults, bool holds, string sentence)
    {
        if (!holds)
        {
            faults.Add(sentence);
        }
    }
}
