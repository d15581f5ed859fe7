using System.CommandLine;
using System.Net;
using Sluice.Mes.Database;

namespace Sluice.Mes;

/// <summary>The verbs of sluice-mes.</summary>
public sealed class MesCommandLine(TextWriter output, TimeProvider clock)
{
    private const int Incomplete = 1;

    private readonly Option<string> database = new("--database")
    {
        Description = "sqlite:FILE, or postgres:CONNECTION STRING. Tables are made where there are none.",
        Required = true,
    };

    private readonly Option<bool> json = new("--json") { Description = "One JSON document, for programs." };

    private readonly Option<string> site = new("--site") { Description = "The plant.", Required = true };

    private readonly Option<string> broker = new("--broker")
    {
        Description = "ADDRESS:PORT of the broker in the DMZ.", Required = true,
    };

    private readonly Option<string> host = new("--host")
    {
        Description = "The name that must stand in the broker's certificate.", Required = true,
    };

    private readonly Option<string> chain = new("--chain")
    {
        Description = "PEM file: the receiver's own certificate first, then its issuers.", Required = true,
    };

    private readonly Option<string> key = new("--key") { Description = "PEM file with its key.", Required = true };

    private readonly Option<string> roots = new("--roots")
    {
        Description = "PEM file with the plant's roots.", Required = true,
    };

    private readonly Option<string> client = new("--client")
    {
        Description = "MQTT client id; the broker keeps its session under it for an hour.",
        DefaultValueFactory = _ => "mes",
    };

    private readonly Option<int?> seconds = new("--seconds") { Description = "Stop after so many seconds." };

    private readonly Option<string> gateway = new("--gateway") { Description = "The gateway.", Required = true };

    private readonly Option<string> signal = new("--signal") { Description = "The counter.", Required = true };

    private readonly Option<int> width = new("--width")
    {
        Description = "Bits of the counter.", DefaultValueFactory = _ => 32,
    };

    public Task<int> InvokeAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var root = new RootCommand("The reference receiver: what an MES does with the stream of Sluice gateways.")
        {
            Receive(), Verify(), Produced(),
        };
        return root.Parse(arguments).InvokeAsync(
            new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false }, cancellationToken);
    }

    private Command Receive()
    {
        var verb = new Command("receive", "Receive until it is stopped, and store every reading once.")
        {
            broker, host, chain, key, roots, site, client, database, seconds, json,
        };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (parsed.GetValue(seconds) is { } most)
            {
                limit.CancelAfter(TimeSpan.FromSeconds(most));
            }

            using var opened = MesDatabase.Open(parsed.GetValue(database)!);
            var writer = new MessageWriter(opened, parsed.GetValue(site)!);
            var door = new MesBroker(IPEndPoint.Parse(parsed.GetValue(broker)!), parsed.GetValue(host)!);
            var identity = MesIdentity.Read(
                parsed.GetValue(chain)!, parsed.GetValue(key)!, parsed.GetValue(roots)!);
            var subscriber = new MesSubscriber(
                door, identity, parsed.GetValue(client)!, parsed.GetValue(site)!, clock,
                message => writer.Write(message));
            await using (subscriber.ConfigureAwait(false))
            {
                await subscriber.RunUntilAsync(output.WriteLine, limit.Token).ConfigureAwait(false);
            }

            return Print(opened, parsed.GetValue(json));
        });
        return verb;
    }

    private Command Verify()
    {
        var verb = new Command(
            "verify", "Prove what is stored against the gateways' ledgers. Ends with 1 where anything is missing "
            + "without a reason.") { database, json };
        verb.SetAction(parsed =>
        {
            using var opened = MesDatabase.Open(parsed.GetValue(database)!);
            return Print(opened, parsed.GetValue(json));
        });
        return verb;
    }

    private Command Produced()
    {
        var verb = new Command("produced", "Count what a counter counted, across rollovers, resets and swaps.")
        {
            database, gateway, signal, width,
        };
        verb.SetAction(parsed =>
        {
            using var opened = MesDatabase.Open(parsed.GetValue(database)!);
            var production = opened.Produced(
                parsed.GetValue(gateway)!, parsed.GetValue(signal)!, parsed.GetValue(width));
            output.WriteLine(
                $"{production.Pieces} pieces, {production.Rollovers} rollovers, {production.Resets} resets");
            return 0;
        });
        return verb;
    }

    private int Print(MesDatabase opened, bool asJson)
    {
        var proof = Completeness.Of(opened);
        ProofText.Write(proof, output, asJson);
        return proof.IsWhole ? 0 : Incomplete;
    }
}
