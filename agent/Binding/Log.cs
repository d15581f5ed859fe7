using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Binding;

/// <summary>Which machine an identity belongs to, for the journal. Event ids 8700 to 8799.</summary>
internal static partial class Log
{
    [LoggerMessage(8700, LogLevel.Information, "The identity is bound to {Machine} from now on: a copy of it stops.")]
    public static partial void Bound(ILogger logger, string machine);

    [LoggerMessage(8701, LogLevel.Warning, "{Sentence}")]
    public static partial void NotBound(ILogger logger, string sentence);

    [LoggerMessage(8702, LogLevel.Warning,
        "The identity cannot be bound to this machine: {Fault} It is tried again at the next connection.")]
    public static partial void BindingNotKept(ILogger logger, string fault);

    [LoggerMessage(8703, LogLevel.Information,
        "The identity was made for {Bound}; this is {Here}, as far as it tells this user: what is not told is not "
            + "compared.")]
    public static partial void BoundInPart(ILogger logger, string bound, string here);
}
