namespace Sluice.Provision.Registration;

/// <summary>How much the registration authority does by itself.</summary>
internal sealed record DeskPolicy
{
    /// <summary>
    /// False where the plant has a CA of its own: what would be signed waits until its certificate was put into the
    /// folder.
    /// </summary>
    public bool Issues { get; init; } = true;

    /// <summary>Certificates for one gateway in 24 hours. A renewal that fails asks with a new key.</summary>
    public int PerGatewayAndDay { get; init; } = 4;

    /// <summary>Certificates in a minute, for all together.</summary>
    public int SignedPerMinute { get; init; } = 30;

    /// <summary>Messages of one gateway that are looked at in a minute; what is above it is not answered.</summary>
    public int HeardPerGatewayAndMinute { get; init; } = 20;

    /// <summary>The same, for all together.</summary>
    public int HeardPerMinute { get; init; } = 600;

    /// <summary>Requests that wait for a person.</summary>
    public int HeldMax { get; init; } = 200;

    /// <summary>How long a certificate is valid.</summary>
    public TimeSpan Life { get; init; } = TimeSpan.FromDays(365);
}

/// <summary>
/// Counts what was heard and signed in the present minute. A core. What it keeps is bounded by what it lets through.
/// </summary>
internal sealed class DeskRates(DeskPolicy policy, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, int> heard = [];
    private long begun = clock.GetTimestamp();
    private int heardOfAll;
    private int signed;

    /// <summary>How many were not looked at since the start.</summary>
    public long Unheard { get; private set; }

    public bool Hears(string gateway)
    {
        Turn();
        var count = heard.GetValueOrDefault(gateway);
        if (heardOfAll >= policy.HeardPerMinute || count >= policy.HeardPerGatewayAndMinute)
        {
            Unheard++;
            return false;
        }

        heardOfAll++;
        heard[gateway] = count + 1;
        return true;
    }

    public bool Signs()
    {
        Turn();
        return signed < policy.SignedPerMinute && ++signed > 0;
    }

    private void Turn()
    {
        if (clock.GetElapsedTime(begun) >= Window)
        {
            begun = clock.GetTimestamp();
            heard.Clear();
            heardOfAll = 0;
            signed = 0;
        }
    }
}
