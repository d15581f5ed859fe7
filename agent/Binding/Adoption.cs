using Sluice.Agent.Enrolment;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Binding;

/// <summary>
/// <c>identity adopt</c>: the card was moved on purpose into a replacement board, and somebody says so. What binds the
/// identity is renewed; key and certificate stay.
/// </summary>
internal sealed class Adoption(EnrolmentContext context)
{
    private const string Verb = "adopt";

    /// <param name="confirms">Asked with the machine before and this one.</param>
    public VerbReport Run(Func<MachineFacts, MachineFacts, bool> confirms)
    {
        var here = context.Machine;
        if (context.Binding.Read() is not { } bound || BindingRecord.Judge(bound, here) != BindingState.Elsewhere)
        {
            return NothingToDo(here);
        }

        var happened = BindingWords.Happened(bound, here);
        if (!confirms(bound.Machine, here))
        {
            context.Log(Verb, "refused", $"Nobody confirmed it. {happened}");
            return VerbReport.Failed(Verb, ExitCode.Unclear, $"{happened} Nobody confirmed that it was moved.",
                "Nothing was changed: this gateway does not connect.",
                "type yes where the old gateway is out of service, or give --yes where nobody can type.") with
            {
                Gateway = context.GatewayId,
                Refusal = "NotConfirmed",
            };
        }

        context.Log(Verb, "begun", happened);
        context.Binding.Renew();
        context.Log(Verb, "done", $"The identity is bound to {here.Words}.");
        return Fine($"The identity of {context.GatewayId} belongs to {here.Words} from now on; the agent connects by "
            + "itself within a minute.") with
        {
            Notes = ["The machine before stops by itself only if its card is gone: two with one identity take the "
                + "connection from each other."],
        };
    }

    private VerbReport NothingToDo(MachineFacts here)
    {
        if (!here.AreKnown)
        {
            return Fine("There is nothing to adopt.") with { Notes = [BindingWords.Unknown] };
        }

        if (context.Binding.HasIdentity)
        {
            context.Bind(Verb);
        }

        return Fine(context.Binding.HasIdentity
            ? $"The identity of {context.GatewayId} belongs to this machine: {here.Words}."
            : $"{context.GatewayId} has no identity yet, so there is nothing to adopt.");
    }

    private VerbReport Fine(string sentence) => new()
    {
        Verb = Verb,
        ExitCode = ExitCode.Fine,
        Gateway = context.GatewayId,
        Sentence = sentence,
    };
}
