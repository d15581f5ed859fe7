using System.Globalization;
using Sluice.Agent.Commissioning.Finding;
using Sluice.Agent.Commissioning.Golden;
using Sluice.Agent.Configuration;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Lists;

/// <summary>
/// Writes what find-order found into the signal list of its source, and the golden samples beside it. Called once, by
/// the verb. Nothing is written that the configuration would not take afterwards.
/// </summary>
internal sealed class SignalLineWriter(ConfiguredSource source, FinderQuestion question, bool namesUnit)
{
    /// <summary>Golden samples that are kept of one signal: the newest.</summary>
    private const int SamplesMax = 8;

    /// <summary>The header and the line, for whoever edits the list by hand.</summary>
    public string Preview(string signal, OrderCandidate found)
    {
        var cells = Cells(found).Where(cell => cell.Value.Length > 0).ToList();
        return $"signal,{string.Join(',', cells.Select(cell => cell.Key))}\n"
            + $"{signal},{string.Join(',', cells.Select(cell => CsvLine.Quoted(cell.Value)))}\n";
    }

    /// <summary>What was done, in sentences, or what is wrong; the files are as they were where something is.</summary>
    public (IReadOnlyList<string> Said, bool IsWritten) Write(
        string signal,
        OrderCandidate found,
        IReadOnlyList<(Observation Observation, ushort[] Registers)> proofs,
        DateTime now)
    {
        var edited = SignalListEdit.Put(source.List.Span, signal, Changes(signal, found));
        var loaded = source.WithList(edited.Bytes);
        if (loaded.Configuration is null)
        {
            return (["The line would not be taken, so nothing was written:",
                .. loaded.Problems.Where(problem => problem.IsError).Select(problem => problem.ToString())], false);
        }

        if (!IsUntouched())
        {
            return ([$"{source.ListPath} was changed meanwhile, so nothing was written: try again."], false);
        }

        if (SafeFile.Replace(source.ListPath, edited.Bytes) is { } problem)
        {
            return ([problem], false);
        }

        var said = new List<string>
        {
            $"{source.ListPath}:{edited.Line.ToString(CultureInfo.InvariantCulture)}: "
                + $"{(edited.IsNew ? "added" : "changed")}: {edited.LineText}",
        };
        if (edited.AddedColumns.Count > 0)
        {
            said.Add($"The header has new columns at its end: {string.Join(", ", edited.AddedColumns)}.");
        }

        if (WriteSamples(signal, proofs, now, said) is { } refused)
        {
            said.Add(refused);
            return (said, false);
        }

        said.Add("It counts from the next start of the agent: systemctl restart sluice-agent.");
        return (said, true);
    }

    private string? WriteSamples(
        string signal,
        IReadOnlyList<(Observation Observation, ushort[] Registers)> proofs,
        DateTime now,
        List<string> said)
    {
        var name = GoldenFile.NameFor(source.ListName);
        var path = source.Beside(name);
        var samples = proofs.TakeLast(SamplesMax).Select(proof => new GoldenSample
        {
            Signal = signal,
            UnitId = question.UnitId,
            Address = question.Address,
            Registers = proof.Registers,
            Shown = proof.Observation.Shown,
            Taken = now,
        }).ToList();
        if (samples.Count == 0)
        {
            said.Add("No golden sample was kept: the value moved each time while it was read. Run find-order again "
                + "when it stands still.");
            return null;
        }

        try
        {
            byte[] before = File.Exists(path) ? File.ReadAllBytes(path) : [];
            var refused = SafeFile.Replace(path, GoldenFile.Put(before, signal, samples), source.ListPath);
            said.Add($"{path}: {samples.Count.ToString(CultureInfo.InvariantCulture)} golden "
                + $"sample{(samples.Count == 1 ? "" : "s")} of {signal}; sluice-agent check verifies them.");
            return refused;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return $"{path} cannot be read: {world.Message}";
        }
    }

    /// <summary>What is not what it was: a cell that means the same already stays as somebody wrote it.</summary>
    private List<KeyValuePair<string, string>> Changes(string signal, OrderCandidate found)
    {
        var now = SignalListEdit.Find(source.List.Span, signal);
        return [.. Cells(found).Where(cell => now is null || !MeansTheSame(
            cell.Key, now.GetValueOrDefault(cell.Key, ""), cell.Value))];
    }

    private bool MeansTheSame(string column, string before, string after) => column switch
    {
        "address" => ModbusAddressNotation.TryParse(before, source.IsWeintek, out var address, out _)
            && address == question.Address,
        "scale" or "offset" => Number(before, column) is { } number && number.Equals(Number(after, column)),
        _ => before == after,
    };

    private static double? Number(string text, string column) => text.Length == 0
        ? column == "scale" ? 1 : 0
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private IEnumerable<KeyValuePair<string, string>> Cells(OrderCandidate found) =>
    [
        KeyValuePair.Create("address", question.AddressText),
        KeyValuePair.Create("type", found.Type.ToString()),
        KeyValuePair.Create("order", found.OrderText),
        KeyValuePair.Create("scale", Text(found.Scale, 1)),
        KeyValuePair.Create("offset", Text(found.Offset, 0)),
        .. namesUnit
            ? [KeyValuePair.Create("unitId", question.UnitId.ToString(CultureInfo.InvariantCulture))]
            : Array.Empty<KeyValuePair<string, string>>(),
    ];

    private static string Text(double number, double byDefault) =>
        number.Equals(byDefault) ? "" : number.ToString("R", CultureInfo.InvariantCulture);

    private bool IsUntouched()
    {
        try
        {
            return File.ReadAllBytes(source.ListPath).AsSpan().SequenceEqual(source.List.Span);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
