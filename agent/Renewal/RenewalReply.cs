using System.Text.Json;
using Sluice.Agent.Asking;
using Sluice.Agent.Configuration;
using Sluice.Provisioning.Bundles;

namespace Sluice.Agent.Renewal;

/// <summary>What the registration authority answered: a bundle, or why not. A core that reads; nothing is judged here.
/// </summary>
/// <param name="Bundle">The envelope as it came; empty where it was refused.</param>
/// <param name="Refused">The authority's sentence; empty where there is a bundle.</param>
/// <param name="RetryAfter">When to ask again.</param>
internal sealed record RenewalReply(ReadOnlyMemory<byte> Bundle, string Refused, TimeSpan RetryAfter)
{
    public const string BundleType = "application/vnd.sluice.bundle";
    public const string RefusalType = "application/json";

    /// <summary>A refusal is a sentence and two numbers.</summary>
    public const int RefusalBytesMax = 4096;

    private const int SentenceCharactersMax = 300;

    /// <summary>A person decides there; the same request is worth repeating.</summary>
    public bool IsHeld => Refused.Contains("held", StringComparison.OrdinalIgnoreCase);

    /// <summary>Null where it is neither, and why.</summary>
    public static RenewalReply? Read(InboundMessage message, out string problem)
    {
        problem = "";
        switch (message.ContentType)
        {
            case BundleType when message.Payload.Length > BundleEnvelope.BytesMax:
                problem = "the answer is larger than any bundle";
                return null;
            case BundleType:
                return new RenewalReply(message.Payload, "", TimeSpan.Zero);
            case RefusalType when message.Payload.Length > RefusalBytesMax:
                problem = "the answer is larger than any refusal";
                return null;
            case RefusalType:
                return Refusal(message.Payload, out problem);
            default:
                problem = $"the answer is of the unknown type '{FileNode.Clip(message.ContentType, 60)}'";
                return null;
        }
    }

    private static RenewalReply? Refusal(ReadOnlyMemory<byte> json, out string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            var root = document.RootElement;
            if (root.GetProperty("v").GetInt32() == 1 && root.GetProperty("refused").GetString() is { Length: > 0 } why)
            {
                var seconds = root.TryGetProperty("retryAfterSeconds", out var after) ? after.GetInt32() : 0;
                problem = "";
                return new RenewalReply(default, FileNode.Clip(why, SentenceCharactersMax).TrimEnd('.'),
                    TimeSpan.FromSeconds(Math.Max(0, seconds)));
            }
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException)
        {
            // Not what the contract says, whatever else it is.
        }

        problem = "the answer is no refusal as the contract has it";
        return null;
    }
}
