using Sluice.Agent.Buffering;

namespace Sluice.Agent.Asking;

/// <summary>A message that came to one of the topics that are read, as the link got it.</summary>
/// <param name="Topic">Where it came in.</param>
/// <param name="Payload">A copy: it outlives the link's buffer.</param>
public sealed record InboundMessage(string Topic, ReadOnlyMemory<byte> Payload)
{
    /// <summary>MQTT 5 response topic (3.3.2.3.5); empty where nobody wants an answer.</summary>
    public string ResponseTopic { get; init; } = "";

    /// <summary>MQTT 5 correlation data (3.3.2.3.6), given back as it came.</summary>
    public ReadOnlyMemory<byte> Correlation { get; init; }

    public bool Retained { get; init; }

    /// <summary>MQTT 5 content type (3.3.2.3.9); empty where the sender says nothing.</summary>
    public string ContentType { get; init; } = "";
}

/// <summary>What the MES may ask. There is no fifth thing: nothing here can write to a machine.</summary>
internal abstract record Ask
{
    /// <summary>The birth once more.</summary>
    public sealed record Birth : Ask;

    /// <summary>The ledger once more.</summary>
    public sealed record Ledger : Ask;

    /// <summary>These readings once more, as history.</summary>
    public sealed record Replay(StoreId Store, PositionRange Range) : Ask;

    /// <summary>These are safe with the MES (<c>acknowledgedBy: mes</c>).</summary>
    public sealed record Acknowledge(StoreId Store, IReadOnlyList<PositionRange> Ranges) : Ask;
}

/// <summary>Why an ask was refused; the words are on the wire.</summary>
internal enum AskRefusal : byte
{
    /// <summary>More asks than the gateway takes in a time. Not answered: answers would feed the flood.</summary>
    TooMany,

    /// <summary>The payload, or the correlation data, is larger than the contract allows.</summary>
    TooLarge,

    /// <summary>An ask must not be retained: it would be asked again at every connection.</summary>
    Retained,

    /// <summary>It came to another topic than this gateway's own.</summary>
    Foreign,

    /// <summary>The response topic is outside the gateway's own answers: nobody steers what we publish.</summary>
    ResponseTopic,

    /// <summary>It is not what the contract says.</summary>
    Malformed,

    /// <summary>It asks for something that does not exist.</summary>
    Unknown,

    /// <summary>No such store is held.</summary>
    UnknownStore,

    /// <summary>So many replays wait already; ask again when one is done.</summary>
    Busy,

    /// <summary>Acknowledgements count only where the configuration says <c>acknowledgedBy: mes</c>.</summary>
    NotInForce,
}

/// <summary>Where an answer goes, and what lets the MES know what it answers.</summary>
internal readonly record struct AnswerAddress(string Topic, ReadOnlyMemory<byte> Correlation);

/// <summary>What is said to one ask.</summary>
/// <param name="Address">Where to.</param>
/// <param name="Word">The ask's own word; empty where it could not be read.</param>
/// <param name="Result">One of <see cref="AnswerResult"/>.</param>
internal sealed record Answer(AnswerAddress Address, string Word, AnswerResult Result)
{
    public AskRefusal? Refusal { get; init; }

    public StoreId? Store { get; init; }

    /// <summary>Positions that are held and come, or that were acknowledged.</summary>
    public IReadOnlyList<PositionRange> Ranges { get; init; } = [];

    /// <summary>Positions that were asked for and are not held.</summary>
    public IReadOnlyList<PositionRange> Gone { get; init; } = [];

    /// <summary>With <see cref="AnswerResult.Done"/> of a replay: readings that the broker took.</summary>
    public long? Readings { get; init; }
}

internal enum AnswerResult : byte
{
    /// <summary>A replay begins; another answer comes when it is done.</summary>
    Accepted,

    Done,

    Refused,
}
