namespace Sluice.Gateway.Machine;

/// <summary>An agent in a guest, whose own words stand in a failure.</summary>
internal interface ISpeakingAgent
{
    /// <summary>The end of its log.</summary>
    Task<string> SaidAsync();
}
