using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Provisioning.Keys;

/// <summary>
/// TLS 1.3 with a key as a client, against a server in the same process and without a network: a provider that signs a
/// request and cannot end a handshake (tpm2-openssl 1.1.1, Debian 12) is found when the key is made, and not in the
/// cabinet.
/// </summary>
internal static class TlsProof
{
    private const string Host = "sluice";

    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(60);

    /// <exception cref="TpmException">It cannot.</exception>
    public static void Run(ECDsa key, TimeProvider clock)
    {
        using var stop = new CancellationTokenSource(TimeMax, clock);
        try
        {
            Task.Run(() => RunAsync(key, stop.Token), stop.Token).GetAwaiter().GetResult();
        }
        catch (Exception failed) when (failed is AuthenticationException or CryptographicException or IOException
            or OperationCanceledException or InvalidOperationException)
        {
            throw new TpmException("OpenSSL's provider for the TPM does no TLS 1.3 with a key in it ("
                + $"{failed.GetBaseException().Message.TrimEnd('.')})",
                "install tpm2-openssl 1.2 or newer (Debian 13 has 1.3, Debian 12's 1.1.1 is too old), or write "
                + "\"key\": \"file\"");
        }
    }

    private static async Task RunAsync(ECDsa key, CancellationToken stop)
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var server = Certificate(made, made, 1);
        using var client = Certificate(key, made, 2);
        Pipe there = new(), back = new();
        await using var near = new SslStream(
            new TwoPipes(back.Reader, there.Writer), false, (_, shown, _, _) => IsSame(shown, server));
        await using var far = new SslStream(
            new TwoPipes(there.Reader, back.Writer), false, (_, shown, _, _) => IsSame(shown, client));
        var serves = far.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = server, ClientCertificateRequired = true, EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        }, stop);
        try
        {
            await near.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = Host, EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = SslStreamCertificateContext.Create(client, null, offline: true),
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            }, stop).ConfigureAwait(false);
        }
        catch
        {
            // The server waits for what never comes, and what it says of that is not the reason.
            await there.Writer.CompleteAsync().ConfigureAwait(false);
            await serves.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        await serves.ConfigureAwait(false);
    }

    private static X509Certificate2 Certificate(ECDsa key, ECDsa issuer, byte number)
    {
        var name = new X500DistinguishedName($"CN={Host}");
        var request = new CertificateRequest(name, new PublicKey(key), HashAlgorithmName.SHA256);
        using var bare = request.Create(
            name, X509SignatureGenerator.CreateForECDsa(issuer), DateTimeOffset.UnixEpoch,
            DateTimeOffset.UnixEpoch.AddYears(200), [number]);
        return bare.CopyWithPrivateKey(key);
    }

    private static bool IsSame(X509Certificate? shown, X509Certificate2 wanted) =>
        shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(wanted.RawData);

    /// <summary>One end of a connection that is made of two pipes.</summary>
    private sealed class TwoPipes(PipeReader reader, PipeWriter writer) : Stream
    {
        private readonly Stream from = reader.AsStream();
        private readonly Stream to = writer.AsStream();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => from.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            from.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => to.Write(buffer, offset, count);

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            to.WriteAsync(buffer, cancellationToken);

        public override void Flush() => to.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => to.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                from.Dispose();
                to.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
