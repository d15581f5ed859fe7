using Sluice.Fuzz.Identities;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;

namespace Sluice.Fuzz;

/// <summary>What was found wrong, and with what.</summary>
public sealed class FuzzViolationException(string what, byte[] input)
    : Exception($"{what}\n  input: {Convert.ToHexString(input)}");

/// <summary>One parser, the inputs it is given, and the judge of what it makes of them.</summary>
public abstract class FuzzTarget(string name, params string[] outcomes)
{
    public string Name { get; } = name;

    public IReadOnlyList<string> Outcomes { get; } = outcomes;

    /// <summary>In the time of one input of this the cheapest target tries so many.</summary>
    public virtual int Cost => 1;

    /// <summary>Makes one input, tries it, and returns which outcome it had; throws for a violation.</summary>
    public abstract int Try(ref Dice dice);

    /// <summary>All of the product's own.</summary>
    public static IReadOnlyList<FuzzTarget> Every =>
    [
        new WireTarget("mbap", isRtu: false, ProductParsers.Mbap),
        new WireTarget("rtu", isRtu: true, ProductParsers.Rtu),
        new DecodingTarget(),
        new BundleTarget("bundle", BundleJudge.Judge),
        new TrustTarget("trust", TrustJudge.Judge),
        new RequestTarget("request", KeyRequest.Read),
        new RevocationTarget("crl", RevocationList.Parse),
        new AuditTarget("audit", static (log, known) => log.Check(known)),
    ];
}

/// <summary>Tries inputs one after the other, and keeps the counts.</summary>
public sealed class FuzzRun(FuzzTarget target, ulong seed)
{
    private readonly long[] counts = new long[target.Outcomes.Count];
    private long tried;

    /// <summary>Read by whoever watches that it does not stand still.</summary>
    public long Tried => Volatile.Read(ref tried);

    public IReadOnlyList<long> Counts => counts;

    /// <summary>Throws with seed and number of the input that broke something.</summary>
    public void Try(long first, long count)
    {
        for (var input = first; input < first + count; input++)
        {
            var dice = new Dice(seed, (ulong)input);
            try
            {
                counts[target.Try(ref dice)]++;
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException(
                    $"{target.Name}: seed {seed}, input {input}: {fault.Message}", fault);
            }

            Volatile.Write(ref tried, input - first + 1);
        }
    }
}
