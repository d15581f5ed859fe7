using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Tls;
using Sluice.Provisioning.Trust;

namespace Sluice.Provision.Registration;

/// <summary>Where the authority goes, and as whom.</summary>
/// <param name="Host">The name in the broker's certificate.</param>
/// <param name="Addresses">Tried in this order.</param>
/// <param name="ChainFile">Its own certificate, as <c>client ra</c> wrote it.</param>
/// <param name="KeyFile">The key of it.</param>
internal sealed record RegistrationPlace(
    string Host, IReadOnlyList<IPEndPoint> Addresses, string ChainFile, string KeyFile);

/// <summary>
/// The registration authority's one loop: holds a session, deals with one message after the other, looks every few
/// seconds whether a person approved something or the lists changed, and connects again when the session ends.
/// </summary>
internal sealed class RegistrationLoop(
    string directory, string site, RegistrationPlace place, RegistrationOffice office, TimeProvider clock,
    Action<string> say)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BackOffMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackOffMax = TimeSpan.FromMinutes(1);

    /// <summary>Below what the broker may have on its way, or it would bring nothing more.</summary>
    private const int UndoneMax = 32;

    private const int TriesMax = 10;
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(200);

    private readonly string[] said = ["", ""];
    private long looked;
    private int undone;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backOff = BackOffMin;
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = clock.GetTimestamp();
            try
            {
                await HoldAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not (OutOfMemoryException or WrongPassphraseException))
            {
                SayOnce(0, $"No session with the broker: {exception.GetBaseException().Message}");
            }

            backOff = clock.GetElapsedTime(began) > BackOffMax ? BackOffMin
                : TimeSpan.FromTicks(Math.Min(backOff.Ticks * 2, BackOffMax.Ticks));
            var jitter = RandomNumberGenerator.GetInt32(500, 1000) / 1000.0;
            await Task.Delay(backOff * jitter, clock, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task HoldAsync(CancellationToken cancellationToken)
    {
        using var leaf = ReadClient(out var above);
        var trust = ReadTrust();
        var time = ValidityTime.Of(
            clock.GetUtcNow(), isClockSet: true, DateTimeOffset.UnixEpoch, lastGood: null, ownNotBefore: null);
        var tls = new MutualTls(place.Host, leaf, above, trust, time, isOnly13: true);
        var name = leaf.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        var session = await BrokerSession.ConnectAsync(place.Addresses, tls, name, cancellationToken)
            .ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            if (office.Trust(isFresh: true) is { } first)
            {
                await session.PublishAsync(first, cancellationToken).ConfigureAwait(false);
            }

            await session.SubscribeAsync($"sluice/v1/{site}/+/cert/csr", cancellationToken).ConfigureAwait(false);
            await session.SubscribeAsync($"sluice/v1/{site}/+/cert/confirm", cancellationToken).ConfigureAwait(false);
            said[0] = "";
            (undone, looked) = (0, clock.GetTimestamp());
            SayOnce(0, $"At work at {place.Host} as {name}, whose certificate is valid until "
                + $"{leaf.NotAfter.ToUniversalTime():yyyy-MM-dd}.");
            while (!session.Ended.IsCompleted)
            {
                await OneRoundAsync(session, cancellationToken).ConfigureAwait(false);
            }

            throw new IOException(await session.Ended.ConfigureAwait(false));
        }
    }

    private async Task OneRoundAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        wait.CancelAfter(LookEvery);
        try
        {
            await DealAsync(session, await session.Arrivals.ReadAsync(wait.Token).ConfigureAwait(false),
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nobody asked anything.
        }
        catch (ChannelClosedException)
        {
            // The session ended; whoever called says why.
            return;
        }

        if (clock.GetElapsedTime(looked) >= LookEvery)
        {
            looked = clock.GetTimestamp();
            await LookAsync(session, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task DealAsync(BrokerSession session, Arrival arrival, CancellationToken cancellationToken)
    {
        var (isDone, answer) = await TryAsync(() => office.Take(arrival.Message), cancellationToken)
            .ConfigureAwait(false);
        if (!isDone && ++undone > UndoneMax)
        {
            throw new IOException("the CA's folder cannot be used; the broker keeps what it is asked");
        }

        if (answer is not null)
        {
            await session.PublishAsync(answer, cancellationToken).ConfigureAwait(false);
        }

        if (isDone)
        {
            await arrival.Acknowledge(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task LookAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        var (_, approved) = await TryAsync(office.Approved, cancellationToken).ConfigureAwait(false);
        foreach (var answer in approved ?? [])
        {
            await session.PublishAsync(answer, cancellationToken).ConfigureAwait(false);
        }

        var (_, trust) = await TryAsync(() => office.Trust(isFresh: false), cancellationToken).ConfigureAwait(false);
        if (trust is not null)
        {
            await session.PublishAsync(trust, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Another verb may be at the folder for a moment. Where it is longer, or the disk is full, the broker is not told
    /// that the message was dealt with, and brings it again with the next session.
    /// </summary>
    private async Task<(bool IsDone, T? Done)> TryAsync<T>(Func<T?> act, CancellationToken cancellationToken)
        where T : class
    {
        for (var at = 1; ; at++)
        {
            try
            {
                var done = act();
                said[1] = "";
                return (true, done);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
                or InvalidDataException or System.Text.Json.JsonException)
            {
                if (at == TriesMax)
                {
                    SayOnce(1, $"The CA's folder cannot be used just now: {exception.Message}");
                    return (false, null);
                }
            }

            await Task.Delay(TryAgainAfter, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private X509Certificate2 ReadClient(out X509Certificate2Collection above)
    {
        above = [];
        above.ImportFromPemFile(place.ChainFile);
        above[0].Dispose();
        above.RemoveAt(0);
        var leaf = X509Certificate2.CreateFromPemFile(place.ChainFile, place.KeyFile);
        if (!OperatingSystem.IsWindows())
        {
            return leaf;
        }

        // Windows' TLS takes no key that lies in memory only.
        using (leaf)
        {
            return X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null);
        }
    }

    private TrustAnchors ReadTrust()
    {
        using var folder = AuthorityFolder.Open(directory);
        return new PlantAuthority(folder, clock).Anchors();
    }

    private void SayOnce(int about, string sentence)
    {
        if (said[about] != sentence)
        {
            said[about] = sentence;
            say(sentence);
        }
    }
}
