using System.Text;
using Sluice.Agent.Health;

namespace Sluice.Agent.Enrolment.Sticks;

/// <summary>What goes onto a stick for whoever looks for a fault: how the agent is, who it is, who did what.</summary>
internal sealed class StickDiagnostics(EnrolmentContext context, string socketPath)
{
    private const int AuditLines = 200;
    private const int LettersMax = 256 << 10;

    /// <summary>Goes through everything that a technician would look at; nobody does in a test.</summary>
    public Func<CancellationToken, Task<string>> Doctor { get; init; } = _ => Task.FromResult("");

    public async Task<string> TellAsync(CancellationToken cancellationToken)
    {
        var running = await StatusClient.AskAsync(socketPath, context.Clock, cancellationToken).ConfigureAwait(false);
        var adopt = new Adopt(context);
        var text = new StringBuilder()
            .AppendLine($"sluice-agent {AgentVersion.Text}, gateway {context.GatewayId} of {context.Site}")
            .AppendLine($"configuration {context.Configuration.Hash}")
            .AppendLine($"clock {EnrolmentContext.WordOf(context.Time())}");
        Part(text, "The running agent", running.Report is { } report
            ? StatusText.Render(report, int.MaxValue) : running.Problem);
        Part(text, "The doctor", await Doctor(cancellationToken).ConfigureAwait(false));
        var identity = adopt.Status();
        Part(text, "Its identity", string.Join(
            '\n', [identity.Sentence, identity.Shown, .. identity.Notes ?? []]));
        var audit = adopt.AuditVerify(null);
        Part(text, "The audit log", string.Join('\n', [audit.Sentence, adopt.AuditShow(AuditLines).Shown]));
        var all = text.Replace("\r", "").Replace("\n", "\r\n").ToString();
        return all.Length <= LettersMax ? all : all[..LettersMax];
    }

    private static void Part(StringBuilder text, string title, string what) =>
        text.AppendLine().AppendLine(title).AppendLine(new string('-', title.Length)).AppendLine(what.Trim());
}
