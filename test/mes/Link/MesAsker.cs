using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Sluice.Mes.Schemas;

namespace Sluice.Mes.Link;

/// <summary>Asks one gateway over a session of its own, and hears the answers.</summary>
public sealed class MesAsker : IAsyncDisposable
{
    private static readonly TimeSpan FirstAnswerMax = TimeSpan.FromSeconds(30);

    private readonly Channel<JsonElement> answers = Channel.CreateUnbounded<JsonElement>();
    private readonly string ask;
    private readonly string answer;
    private MesLink? link;

    private MesAsker(string site, string gateway)
    {
        ask = $"sluice/v1/{site}/{gateway}/ask";
        answer = $"sluice/v1/{site}/{gateway}/answer/{Guid.NewGuid():N}";
    }

    /// <summary>Connects and listens for answers; an <see cref="IOException"/> says why it cannot.</summary>
    public static async Task<MesAsker> ConnectAsync(
        MesBroker broker, MesIdentity identity, string clientId, string site, string gateway,
        CancellationToken cancellationToken)
    {
        var asker = new MesAsker(site, gateway);
        asker.link = await MesLink.ConnectAsync(
            broker, identity, clientId, TimeSpan.Zero, asker.Hear, cancellationToken).ConfigureAwait(false);
        if (!await asker.link.SubscribeAsync(asker.answer, cancellationToken).ConfigureAwait(false))
        {
            throw new IOException($"The broker does not let us read {asker.answer}.");
        }

        return asker;
    }

    /// <summary>Asks, and returns answers as they come, until one of them is the last.</summary>
    /// <param name="payload">The ask, as the contract has it.</param>
    /// <param name="bound">How long to wait for each answer behind the first, which comes at once or never.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async IAsyncEnumerable<JsonElement> AskAsync(
        string payload, TimeSpan bound,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var code = await link!.PublishAsync(
            ask, Encoding.UTF8.GetBytes(payload), retain: false, cancellationToken, answer).ConfigureAwait(false);
        if (code != 0)
        {
            throw new IOException(code == 0x10
                ? "Nobody reads this gateway's asks: it is not connected, or has another name."
                : $"The broker refused the ask with reason code 0x{code:X2}.");
        }

        for (var wait = FirstAnswerMax; ; wait = bound)
        {
            var next = await answers.Reader.ReadAsync(cancellationToken).AsTask()
                .WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            yield return next;
            if (next.GetProperty("result").GetString() != "accepted")
            {
                yield break;
            }
        }
    }

    public ValueTask DisposeAsync() => link?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Hear(MesMessage message)
    {
        using var document = JsonDocument.Parse(message.Payload);
        answers.Writer.TryWrite(document.RootElement.Clone());
    }
}
