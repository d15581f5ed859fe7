namespace Sluice.Agent.Updating;

/// <summary>Where an image keeps what updates need; others in a test.</summary>
internal sealed record UpdateSettings
{
    public string Boot { get; init; } = "/efi";

    public string Keys { get; init; } = "/usr/lib/sluice/update-keys";

    public string Record { get; init; } = "/var/lib/sluice-update/record.json";
}
