namespace Sluice.Agent.Renewal;

/// <summary>How near a certificate's end is. The earlier ones come first.</summary>
internal enum ExpiryWarning : byte
{
    None,

    /// <summary>A third of its life is left: it should have been renewed by now.</summary>
    Third,

    /// <summary>14 days are left, and less than a third.</summary>
    Fortnight,

    /// <summary>3 days are left, and less than a third.</summary>
    Days,

    Expired,
}
