using System.Reflection;
using Xunit;

namespace Sluice.Fast.Hal.Faults;

/// <summary>
/// Faults/list.txt against what is there: a fault of the list without a case on a wire that it applies to is a hole in
/// the promise that no wrong value is ever Good.
/// </summary>
public sealed class FaultListTests
{
    /// <summary>The wires, and the scripts that are played over each.</summary>
    private static readonly Dictionary<string, string[]> Wires = new()
    {
        ["tcp"] = ["tcp.txt"],
        ["rtu-over-tcp"] = ["rtu.txt", "rtu-over-tcp.txt"],
        ["serial"] = ["rtu.txt"],
    };

    private static string[] List => File.ReadAllLines(Path.Combine(FaultCase.Directory, "list.txt"));

    [Fact]
    public void Every_fault_has_a_case_on_every_wire_that_it_applies_to() => Assert.Empty(Problems(List));

    [Fact]
    public void Every_case_stands_under_a_fault()
    {
        var named = List.SelectMany(line => line.Split(' ')).ToHashSet();
        Assert.All(
            Directory.EnumerateDirectories(FaultCase.Directory),
            each => Assert.Contains(Path.GetFileName(each), named));
    }

    [Fact]
    public void The_designs_list_is_whole() => Assert.Equal(
        42,
        List.TakeWhile(line => line != "# Found since.")
            .Count(line => line.StartsWith("fault ", StringComparison.Ordinal)));

    [Theory]
    [InlineData("fault x\n  tcp late-answer\n  rtu gone", "x: rtu-over-tcp: gone", "x: serial: gone")]
    [InlineData(
        "fault x\n  tcp late-answer", "x: nothing is said about rtu-over-tcp", "x: nothing is said about serial")]
    [InlineData("fault x\n  tcp never\n  rtu late-answer", "x: tcp: never without a reason")]
    [InlineData("fault x\n  tcp test FaultListTests.Gone\n  rtu late-answer", "x: tcp: FaultListTests.Gone")]
    [InlineData("fault x\n  tcp late-answer\n  rtu half-open", "x: serial: half-open")]
    public void A_hole_in_the_list_is_found(string list, params string[] problems) =>
        Assert.Equal(problems, Problems(list.Split('\n')));

    private static List<string> Problems(string[] lines)
    {
        var problems = new List<string>();
        var fault = "";
        var missing = new HashSet<string>();
        foreach (var line in lines.Append("fault"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case [] or ["#", ..] or ["#"]:
                    break;
                case ["fault", .. var name]:
                    problems.AddRange(missing.Select(wire => $"{fault}: nothing is said about {wire}"));
                    fault = string.Join(' ', name);
                    missing = name.Length > 0 ? [.. Wires.Keys] : [];
                    break;
                default:
                    foreach (var wire in words[0] == "rtu" ? ["rtu-over-tcp", "serial"] : new[] { words[0] })
                    {
                        missing.Remove(wire);
                        problems.AddRange(Missing(wire, words[1..]).Select(each => $"{fault}: {wire}: {each}"));
                    }

                    break;
            }
        }

        return problems;
    }

    private static IEnumerable<string> Missing(string wire, string[] words) => words switch
    {
        ["never"] => ["never without a reason"],
        ["never", ..] => [],
        ["test", var test] => IsTest(test) ? [] : [test],
        _ => words.Where(name => !Wires[wire].Any(
            file => File.Exists(Path.Combine(FaultCase.Directory, name, file)))),
    };

    private static bool IsTest(string name) =>
        name.Split('.') is [var type, var method]
        && typeof(FaultListTests).Assembly.GetTypes().Any(each => each.Name == type
            && each.GetMethod(method)?.GetCustomAttributes<FactAttribute>().Any() == true);
}
