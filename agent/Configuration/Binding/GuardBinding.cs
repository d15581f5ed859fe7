using System.Globalization;
using Sluice.Hal;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>
/// Makes the guards of one source, each of which names a signal of the source's own list. A guard that could never hold
/// would doubt every reading for ever, so it is refused here.
/// </summary>
internal static class GuardBinding
{
    public static IReadOnlyList<SignalGuard> Bind(
        string source, SourceDraft settings, SignalListBinding list, FileNode root, ProblemList problems)
    {
        var nodes = root.At("sources", source).Member("guards")?.Items ?? [];
        if (settings.Guards is not { } drafts || drafts.Count != nodes.Count)
        {
            // An item was refused whole: which node belongs to which draft is not known any more.
            return [];
        }

        var guards = new List<SignalGuard>();
        foreach (var (index, (draft, node)) in drafts.Zip(nodes).Index())
        {
            var at = new Place(node, string.Create(CultureInfo.InvariantCulture, $"sources.{source}.guards[{index}]"),
                problems);
            if (draft.Signal is not { } name || !DemandsOneThing(draft, at) || !Knows(name, source, list, at)
                || IndexOf(source, name, list) is not (>= 0 and var signal))
            {
                continue;
            }

            CheckEquals(draft, list, signal, at);
            CheckPace(draft, list, at);
            if (guards.Exists(guard => guard.Signal == signal && guard.EqualTo is null == draft.EqualTo is null))
            {
                at.Error("signal", $"\"{name}\" is guarded in this way already: keep one of the two.");
            }

            guards.Add(new SignalGuard
            {
                Signal = signal,
                ChangesWithin = draft.ChangesWithin,
                EqualTo = draft.EqualTo,
            });
        }

        return guards;
    }

    private static bool DemandsOneThing(GuardDraft draft, Place at)
    {
        if (draft.ChangesWithin is not null && draft.EqualTo is not null)
        {
            at.Error("equals", "stands beside changesWithin, and a signal that must stay cannot change: keep one.");
        }
        else if (at.Node.Members.All(member => member.Name == "signal") && at.Node.Complete)
        {
            // Only then: a misspelled or refused demand was told already.
            at.Error("", "demands nothing: write \"changesWithin\": \"10 s\" for a heartbeat, or \"equals\": 7 for "
                + "a version of the layout.");
        }

        return draft.ChangesWithin is not null ^ draft.EqualTo is not null;
    }

    private static bool Knows(string name, string source, SignalListBinding list, Place at)
    {
        // Without a single name the list itself is broken, which was told.
        if (list.Names.Count == 0 || list.Names.Contains(name, StringComparer.Ordinal))
        {
            return true;
        }

        var without = name.StartsWith(source + "/", StringComparison.Ordinal) ? name[(source.Length + 1)..] : "";
        at.Error("signal", list.Names.Contains(without, StringComparer.Ordinal)
            ? $"\"{name}\" has the source's name before it: write \"{without}\", as the signal list does."
            : $"\"{name}\" is no signal of this source's list{Nearest.Ask(Nearest.Of(name, list.Names))}: write one "
                + "that is, or add it to the list.");
        return false;
    }

    /// <summary>-1 where the row has a problem of its own and made no signal.</summary>
    private static int IndexOf(string source, string name, SignalListBinding list)
    {
        for (var index = 0; index < list.Signals.Count; index++)
        {
            if (list.Signals[index].Signal.Name == $"{source}/{name}")
            {
                return index;
            }
        }

        return -1;
    }

    private static void CheckEquals(GuardDraft draft, SignalListBinding list, int index, Place at)
    {
        if (draft.EqualTo is not { } wanted || list.Modbus.Count != list.Signals.Count)
        {
            // The second: a row was refused late, and places differ. The list is refused then, and tells why.
            return;
        }

        var signal = list.Modbus[index];
        var type = signal.Signal.Type;
        var shown = wanted.ToString("R", CultureInfo.InvariantCulture);
        if (type.Kind == SignalKind.String)
        {
            at.Error("equals", $"{draft.Signal} is text, and equals compares numbers: guard a number.");
        }
        else if (!signal.Scale.Equals(1.0) || !signal.Offset.Equals(0.0))
        {
            at.Warning("equals", $"{draft.Signal} is scaled, and the comparison is exact: rounding may keep it from "
                + "ever being equal. Guard a signal without scale and offset.");
        }
        else if (!CanHold(type.Kind, wanted))
        {
            at.Error("equals", $"{draft.Signal} is {type} and never has the value {shown}: write one that it can have"
                + (type.Kind == SignalKind.Bool ? ", 0 or 1." : "."));
        }
    }

    private static bool CanHold(SignalKind kind, double value)
    {
        var (min, max) = kind switch
        {
            SignalKind.Bool => (0, 1),
            SignalKind.Int16 => (short.MinValue, short.MaxValue),
            SignalKind.Uint16 => (0, ushort.MaxValue),
            SignalKind.Int32 => (int.MinValue, int.MaxValue),
            SignalKind.Uint32 => (0, uint.MaxValue),
            SignalKind.Uint64 => (0, double.MaxValue),
            SignalKind.Bcd16 => (0, 9_999),
            SignalKind.Bcd32 => (0, 99_999_999),
            _ => (double.MinValue, double.MaxValue),
        };
        var fits = kind switch
        {
            SignalKind.Float32 => ((double)(float)value).Equals(value),
            SignalKind.Float64 => true,
            _ => double.IsInteger(value),
        };
        return fits && value >= min && value <= max;
    }

    private static void CheckPace(GuardDraft draft, SignalListBinding list, Place at)
    {
        var every = list.Signals.Min(signal => signal.Every);
        if (draft.ChangesWithin is { } within && every > within)
        {
            at.Warning("changesWithin", $"{UnitText.Format(within)} is shorter than {UnitText.Format(every)}, the "
                + "shortest time between two reads of this source: only a change at every read would do. Write at "
                + $"least {UnitText.Format(every * 2)}.");
        }
    }

    /// <summary>One guard of the file, and how problems with it are told.</summary>
    private sealed record Place(FileNode Node, string Path, ProblemList Problems)
    {
        public void Error(string key, string sentence) => Problems.Error(Node.At(key), Of(key), sentence);

        public void Warning(string key, string sentence) => Problems.Warning(Node.At(key), Of(key), sentence);

        private string Of(string key) => key.Length == 0 ? Path : $"{Path}.{key}";
    }
}
