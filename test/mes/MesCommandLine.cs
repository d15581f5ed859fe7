using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Sluice.Mes.Database;
using Sluice.Mes.Link;
using Sluice.Mes.Streams;

namespace Sluice.Mes;

/// <summary>The verbs of sluice-mes.</summary>
public sealed class MesCommandLine(TextWriter output, TimeProvider clock)
{
    private const int Incomplete = 1;

    /// <summary>A replay waits behind the backlog, after its first answer.</summary>
    private static readonly TimeSpan ReplayMax = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan DatabaseAgain = TimeSpan.FromSeconds(1);

    private readonly Option<string> database = new("--database")
    {
        Description = "sqlite:FILE, or postgres:CONNECTION STRING. Tables are made where there are none.",
        Required = true,
    };

    private readonly Option<bool> json = new("--json") { Description = "One JSON document, for programs." };

    private readonly DoorOptions door = new();

    private readonly Option<bool> acknowledge = new("--acknowledge")
    {
        Description = "Tell the gateways what is stored (publish.acknowledgedBy: mes).",
    };

    private readonly Option<int?> seconds = new("--seconds") { Description = "Stop after so many seconds." };

    private readonly Option<string> gateway = new("--gateway") { Description = "The gateway.", Required = true };

    private readonly Option<string> signal = new("--signal") { Description = "The counter.", Required = true };

    private readonly Option<int?> width = new("--width")
    {
        Description = "Bits of the counter, where the birth does not say them.",
    };

    public Task<int> InvokeAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var root = new RootCommand("The reference receiver: what an MES does with the stream of Sluice gateways.")
        {
            Receive(), Verify(), Latest(), Replay(), Produced(), Posture(), Audit(),
        };
        return root.Parse(arguments).InvokeAsync(
            new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false }, cancellationToken);
    }

    private Command Receive()
    {
        var verb = new Command("receive", "Receive until it is stopped, and store every reading once.")
        {
            door.Broker, door.Host, door.Chain, door.Key, door.Roots, door.Site, door.Client, database, seconds, json,
            acknowledge,
        };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (parsed.GetValue(seconds) is { } most)
            {
                limit.CancelAfter(TimeSpan.FromSeconds(most));
            }

            using var opened = await OpenAsync(parsed.GetValue(database)!, limit.Token).ConfigureAwait(false);
            if (opened is null)
            {
                return Incomplete;
            }

            var plan = parsed.GetValue(acknowledge) ? AcknowledgePlan.After(Completeness.Untold(opened)) : null;
            var site = parsed.GetValue(door.Site)!;
            var writer = new MessageWriter(opened, site) { Acknowledge = plan };
            var subscriber = new MesSubscriber(
                door.At(parsed), door.As(parsed), parsed.GetValue(door.Client)!, site, clock,
                message => writer.Write(message));
            await using (subscriber.ConfigureAwait(false))
            {
                await subscriber.RunUntilAsync(
                    output.WriteLine, () => AcknowledgeAsync(subscriber, plan, site, limit.Token), limit.Token)
                    .ConfigureAwait(false);
            }

            return Print(opened, parsed.GetValue(json));
        });
        return verb;
    }

    /// <summary>A database that is away is waited for, as a broker is. Null where it is cancelled.</summary>
    private async Task<MesDatabase?> OpenAsync(string where, CancellationToken cancellationToken)
    {
        var said = "";
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                return MesDatabase.Open(where);
            }
            catch (DbException exception)
            {
                var why = exception.GetBaseException().Message;
                if (why != said)
                {
                    output.WriteLine($"The database cannot be opened, and is tried again every second: {why}");
                }

                said = why;
                await Task.Delay(DatabaseAgain, clock, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }

    /// <summary>One ask each time it is called: five a second is what a gateway takes.</summary>
    private static async Task AcknowledgeAsync(
        MesSubscriber subscriber, AcknowledgePlan? plan, string site, CancellationToken cancellationToken)
    {
        if (!subscriber.IsSubscribed || plan?.Next() is not { } told)
        {
            return;
        }

        // Whether it came through, the gateway's next ledger says.
        await subscriber.PublishAsync(
            $"sluice/v1/{site}/{told.Gateway}/ask", Encoding.UTF8.GetBytes(told.Payload), cancellationToken)
            .ConfigureAwait(false);
    }

    private Command Replay()
    {
        var verb = new Command(
            "replay", "Ask a gateway once more for what is missing in the database. Ends when the broker has it all.")
        {
            door.Broker, door.Host, door.Chain, door.Key, door.Roots, door.Site, door.Client, gateway, database,
        };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var opened = MesDatabase.Open(parsed.GetValue(database)!);
            var asker = await MesAsker.ConnectAsync(
                door.At(parsed), door.As(parsed), parsed.GetValue(door.Client) + "-ask", parsed.GetValue(door.Site)!,
                parsed.GetValue(gateway)!, cancellationToken).ConfigureAwait(false);
            await using (asker.ConfigureAwait(false))
            {
                var whole = true;
                var mine = Completeness.Of(opened).Stores.Where(each => each.Gateway == parsed.GetValue(gateway));
                foreach (var store in mine)
                {
                    foreach (var range in store.Open.Concat(store.Lost))
                    {
                        whole &= await ReplayAsync(asker, store.Store, range, cancellationToken).ConfigureAwait(false);
                    }
                }

                return whole ? 0 : Incomplete;
            }
        });
        return verb;
    }

    private async Task<bool> ReplayAsync(
        MesAsker asker, string store, Positions range, CancellationToken cancellationToken)
    {
        var ask = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"v":1,"ask":"replay","store":"{{store}}","from":{{range.From}},"to":{{range.To}}}""");
        var isDone = false;
        try
        {
            await foreach (var answer in asker.AskAsync(ask, ReplayMax, cancellationToken).ConfigureAwait(false))
            {
                output.WriteLine(answer.GetRawText());
                isDone = answer.GetProperty("result").GetString() == "done" && !answer.TryGetProperty("gone", out _);
            }
        }
        catch (TimeoutException)
        {
            output.WriteLine(
                $"{store} {range}: no answer. The gateway is away, or took too many asks; ask again later.");
            return false;
        }

        return isDone;
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

    private Command Latest()
    {
        var verb = new Command("latest", "The latest reading of each signal, and how far behind each gateway is.")
        {
            database, json,
        };
        verb.SetAction(parsed =>
        {
            using var opened = MesDatabase.Open(parsed.GetValue(database)!);
            LatestText.Write(
                LatestReadings.Of(opened, clock.GetUtcNow().UtcDateTime), output, parsed.GetValue(json));
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
            var (of, counter) = (parsed.GetValue(gateway)!, parsed.GetValue(signal)!);
            if ((parsed.GetValue(width) ?? opened.CounterBits(of, counter)) is not { } bits)
            {
                output.WriteLine($"No birth of {of} says that {counter} is a counter: write its bits in the column "
                    + "counter of the gateway's signal list, or give --width.");
                return Incomplete;
            }

            var production = opened.Produced(of, counter, bits);
            output.WriteLine(
                $"{production.Pieces} pieces, {production.Rollovers} rollovers, {production.Resets} resets, "
                + $"{production.SetBacks} set back by a power cut");
            return 0;
        });
        return verb;
    }

    private Command Posture()
    {
        var verb = new Command("posture", "Show what each gateway last said it is and how it stands.")
        {
            database, json,
        };
        verb.SetAction(parsed =>
        {
            using var opened = MesDatabase.Open(parsed.GetValue(database)!);
            PostureText.Write(opened.Postures(), output, parsed.GetValue(json));
            return 0;
        });
        return verb;
    }

    private Command Audit()
    {
        var one = new Option<string?>("--gateway") { Description = "The gateway; all where none is named." };
        var export = new Option<string?>("--export")
        {
            Description = "What 'sluice-agent identity audit export' wrote on the gateway.",
        };
        var verb = new Command(
            "audit", "Say whether a gateway's audit log was cut off or written anew: by what its postures told, and "
            + "with --export line by line. Ends with 1 where something does not fit.") { database, one, export };
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(export) is not null && parsed.GetValue(one) is null)
            {
                output.WriteLine("An export is that of one gateway: name it with --gateway.");
                return Incomplete;
            }

            using var opened = MesDatabase.Open(parsed.GetValue(database)!);
            return AuditText.Write(opened, parsed.GetValue(one), parsed.GetValue(export), output) ? 0 : Incomplete;
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
