using Sluice.Agent.Enrolment;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Doctor.Checks;

/// <summary>
/// Whether the broker takes this gateway, step by step: told by the agent that is connected, or tried with a connection
/// of the doctor's own, under another client id.
/// </summary>
internal static class BrokerChecks
{
    private const string Group = "Broker";

    public static IReadOnlyList<Check> All { get; } =
    [
        Step("broker-reached", "Does its address answer?", [Proof.Address, Proof.Connection], "it answers",
            "go through the way: card, cable, switch, firewall between OT and DMZ, and whether the broker runs."),
        Step("broker-tls", "Is it the plant's broker?", [Proof.BrokerTls], "its certificate is believed",
            "compare broker.host with the broker's certificate; a new root or revocation list comes in a bundle."),
        Step("broker-accepts", "Does it accept the gateway's certificate?", [Proof.Mqtt], "accepted",
            "see the broker's log at this moment; bring a new bundle where it knows another CA."),
        Step("broker-lets-hear", "May the gateway hear the MES?", [Proof.Hearing], "it may",
            "add the topics to the broker's access list: sluice-provision broker-config writes it."),
        Step("broker-lets-publish", "May the gateway publish?", [Proof.Publishing], "acknowledged (PUBACK)",
            "add the topics to the broker's access list: sluice-provision broker-config writes it."),
        new("session-alone", Group, "Is nobody else using its identity?", Alone),
    ];

    private static Check Step(string name, string question, string[] steps, string fine, string todo) =>
        new(name, Group, question, facts => [Judge(facts, steps, fine, todo)]);

    private static Answer Judge(CheckupFacts facts, string[] steps, string fine, string todo)
    {
        if (facts.Running?.Uplink is { State: "connected" or "holding" } uplink)
        {
            return Told(uplink, steps, fine, todo);
        }

        if (facts.Trial is not { } trial)
        {
            return Answer.Unknown(facts.NoTrial, "mend what stands above first.");
        }

        VerbStep? last = null;
        foreach (var step in trial.Where(step => steps.Contains(step.Name)))
        {
            if (!step.Passed)
            {
                return Answer.Bad(step.Verdict, todo);
            }

            last = step;
        }

        return last is null
            ? Answer.Unknown("Not tried: a step before it failed.", "mend that first.")
            : Answer.Ok(last.Verdict);
    }

    /// <summary>The agent has a session: what it needed for that has worked, and no other connection is made.</summary>
    private static Answer Told(Health.UplinkStatus uplink, string[] steps, string fine, string todo) =>
        steps.Contains(Proof.Publishing)
        && uplink is { State: "holding" } or { Acknowledged: 0, Sentence.Length: > 0 }
            ? Answer.Bad(uplink.Sentence, todo)
            : Answer.Ok($"{fine}; the agent is connected{(uplink.Address.Length > 0 ? $" to {uplink.Address}" : "")} "
                + $"since {uplink.Since:yyyy-MM-dd HH:mm}Z");

    private static IEnumerable<Answer> Alone(CheckupFacts facts)
    {
        yield return facts.Running?.Uplink switch
        {
            null => Answer.None("No agent told of its sessions."),
            { Contested: true, TakenOver: var times } => Answer.Bad(
                $"Others connected under this gateway's id ({times} times), or the broker closes without a word.",
                "find the copied card and give that gateway an identity of its own; where there is none, have the "
                + "certificate replaced (sluice-provision replace)."),
            { TakenOver: > 0 and var times } => Answer.Look($"Somebody else connected under its id, {times} times.",
                "find out who; the broker's log names its address."),
            _ => Answer.Ok("nobody took its session"),
        };
    }
}
