using System.CommandLine;
using Sluice.Agent.CommandLine.Enrolment;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Brought;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Consoles;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Consoles;

/// <summary>
/// sluice-agent console: what systemd starts on the console of a flashed gateway after a stick has brought the plant's
/// token. Without the grant it does nothing.
/// </summary>
/// <param name="input">What a person types.</param>
/// <param name="output">What he sees.</param>
/// <param name="error">Where it says why it does not open.</param>
/// <param name="run">Runs another verb, on this console.</param>
/// <param name="clock">For its limits.</param>
internal sealed class ConsoleVerb(
    TextReader input, TextWriter output, TextWriter error,
    Func<IReadOnlyList<string>, CancellationToken, Task<int>> run, TimeProvider clock)
{
    private const string Verb = "console";

    private readonly Option<string> config = VerbOptions.Config();

    /// <summary>Where the grant lies; another place in a test.</summary>
    public string Folder { get; init; } = ConsoleDoor.Folder;

    /// <summary>Which terminal this is; another one in a test.</summary>
    /// <remarks>Looked at only when it is asked for: this is made at each call of the program.</remarks>
    public string Terminal { get => field ??= EnrolmentUser.Here().Terminal; init; }

    public Command Command()
    {
        var console = new Command(Verb, "The menu on the console of a flashed gateway. Opens only after a stick has "
            + "brought a token that the plant has signed (sluice-provision console), for as long as that says.")
        {
            config,
        };
        console.SetAction((parsed, cancellationToken) => RunAsync(parsed, cancellationToken));
        return console;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(config)!;
        if (ConsoleGrant.Take(Folder) is not { } grant)
        {
            return Failed("No token has opened this console.",
                "plug in a stick with one: sluice-provision console GATEWAY --for NAME --out STICK.");
        }

        if (InUse(file) is { } source)
        {
            return Failed(
                $"{Terminal} is the line of the source {source}.", "a machine hangs on it: use another port.");
        }

        // What cannot be noted is not opened.
        var noted = await NoteAsync(file, grant, "begun", $"Token {grant.Id} is shown.").ConfigureAwait(false);
        if (!noted.Worked)
        {
            return noted.Print(output, error, asJson: false);
        }

        using var stop = new StopKeys(cancellationToken);
        var menu = new ConsoleMenu(
            ConsoleMenu.All, (arguments, stopping) => run([.. arguments, .. Config(arguments, file)], stopping),
            ReadAsync, output, (result, text) => NoteAsync(file, grant, result, text).GetAwaiter().GetResult(), clock);
        await menu.RunAsync(grant, stop.Token).ConfigureAwait(false);
        return ExitCode.Fine;
    }

    /// <summary>A terminal cannot be asked to stop reading: whoever waits leaves the reader behind, and the process
    /// ends.</summary>
    private Task<string?> ReadAsync(CancellationToken stop) => Task.Run(input.ReadLine, stop).WaitAsync(stop);

    private static string[] Config(IReadOnlyList<string> arguments, string file) =>
        arguments is ["identity", "renew"] or ["status"] ? [] : ["--config", file];

    private string? InUse(string file) => ConfigurationInForce.Load(file).Loaded.Configuration?.Sources
        .OfType<ModbusRtuSettings>()
        .FirstOrDefault(source => source.Port is { } port && Real(port.Path) == Terminal)?.Name;

    /// <summary>Ports are named by the plug that they hang on, and a terminal by its number.</summary>
    private static string Real(string path) => File.Exists(path)
        ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path)
        : Path.GetFullPath(path);

    private Task<VerbReport> NoteAsync(string file, ConsoleGrant grant, string result, string text) =>
        IdentityVerb.ReportAsync(file, clock, new EnrolmentUser(grant.Person, Terminal), Verb, context =>
        {
            context.Log(Verb, result, text);
            return Task.FromResult(new VerbReport { Verb = Verb, ExitCode = ExitCode.Fine, Sentence = "" });
        });

    private int Failed(string happened, string todo) => VerbReport.Failed(
        Verb, ExitCode.Unclear, happened, "The console stays shut.", todo).Print(output, error, asJson: false);
}
