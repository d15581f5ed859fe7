using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Fast.Repository;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Commissioning;

/// <summary>
/// What docs/guides/installer.md shows of a terminal is what the verbs print at a simulated Panel. Only the panel's
/// address is another one, and how long it took is not compared.
/// </summary>
public sealed partial class GuideViewTests : AtAPanel
{
    private const string GuideHost = "10.10.1.30";
    private const int Speed = 110;

    public GuideViewTests()
        : base("signal,address,type\nheartbeat,LW-0,uint16\n")
    {
    }

    [Fact]
    public async Task Find_order_is_shown_as_it_is()
    {
        Panel.Map.SetRegister(ModbusTable.HoldingRegister, Speed, 713);
        var screen = new Screen(("-5", 0xFFFB))
        {
            Shows = value => Panel.Map.SetRegister(ModbusTable.HoldingRegister, Speed, value),
        };
        await CompareAsync(
            "sluice-agent find-order --source hmi1 --address LW-110 --shows 713 --write motor/speed", screen,
            "/etc/sluice/", "--config", Gateway.Configuration);
    }

    [Fact]
    public async Task Discover_is_shown_as_it_is()
    {
        Panel.Responder.Identification = ["Weintek", "cMT", "2.1"];
        await CompareAsync(
            "sluice-agent discover modbus --host 10.10.1.30 --units 1 --profile weintek --out draft.csv",
            new Screen(), "", "--tcp-port", Panel.Port.ToString(CultureInfo.InvariantCulture), "--rate", "50",
            "--timeout", "50 s");
    }

    /// <param name="typed">What the view begins with.</param>
    /// <param name="screen">Who sits there.</param>
    /// <param name="folder">What the guide has for the test's own folder.</param>
    /// <param name="beside">What only the test needs.</param>
    private async Task CompareAsync(string typed, Screen screen, string folder, params string[] beside)
    {
        var words = typed.Split(' ')[1..].Select(word => word switch
        {
            GuideHost => "127.0.0.1",
            "draft.csv" => Gateway.At(word),
            _ => word,
        });
        var code = await new AgentCommandLine
        {
            Output = screen,
            Error = screen,
            Input = screen.Keyboard,
            IsTerminal = screen.HasPerson,
            Clock = new HurriedClock(10),
        }.InvokeAsync(
            [.. words, .. beside, "--socket", Gateway.SocketPath], TestContext.Current.CancellationToken);
        Assert.True(code == ExitCode.Fine, screen.ToString());

        var view = $"$ {typed}\n" + screen.ToString()
            .Replace($"127.0.0.1:{Panel.Port}", $"{GuideHost}:502", StringComparison.Ordinal)
            .Replace(Gateway.At("x")[..^1], folder, StringComparison.Ordinal);
        var guide = await File.ReadAllTextAsync(Path.Combine(RepositoryTree.FindRoot(), "docs/guides/installer.md"));
        Assert.True(
            Timeless(guide).Contains($"```\n{Timeless(view)}```\n", StringComparison.Ordinal),
            $"the guide does not show what is printed:\n{view}");
    }

    private static string Timeless(string view) => Took().Replace(view, "0 $1");

    [GeneratedRegex(@"\b[0-9.]+ (m?s)\b")]
    private static partial Regex Took();

    /// <summary>Both streams, and what is typed stands behind the question, as on a terminal.</summary>
    private sealed class Screen : StringWriter
    {
        private readonly Queue<(string Typed, ushort Value)> answers;

        public Screen(params (string Typed, ushort Value)[] answers)
            : base(CultureInfo.InvariantCulture)
        {
            this.answers = new(answers);
            HasPerson = answers.Length > 0;
            Keyboard = new Keys(this);
            NewLine = "\n";
        }

        public bool HasPerson { get; }

        public TextReader Keyboard { get; }

        /// <summary>The machine changes the value before the person is asked, so that no look is of a moment between.
        /// </summary>
        public Action<ushort> Shows { get; init; } = _ => { };

        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.StartsWith("What does the screen show", StringComparison.Ordinal) == true && answers.Count > 0)
            {
                Shows(answers.Peek().Value);
            }
        }

        private sealed class Keys(Screen screen) : TextReader
        {
            public override string? ReadLine()
            {
                if (!screen.answers.TryDequeue(out var answer))
                {
                    return null;
                }

                screen.WriteLine(answer.Typed);
                return answer.Typed;
            }
        }
    }
}
