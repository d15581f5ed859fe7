using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// What OpenSSL's TPM provider of this machine can do with a key that never leaves a TPM: whether <c>"key": "tpm"</c>
/// could be built on it. Here stands what was seen, by version.
/// </summary>
public sealed class Key_in_a_TPM
{
    private static readonly Version Last = new(1, 1, 1);

    [Fact]
    public async Task Signs_a_request_and_cannot_do_TLS_with_the_provider_of_Debian_12()
    {
        using var directory = new FieldDirectory();
        var (code, text) = await ChildProcess.RunAsync(
            Path.Combine(FieldDirectory.Repository(), "test", "field", "tpm", "try-tpm.sh"), directory.Root,
            $"{Port()}", $"{FieldDirectory.FreePort()}");
        Assert.True(code == 0, text);
        var told = text.Split('\n').Select(line => line.Split(' ', 2)).Where(parts => parts.Length == 2)
            .ToLookup(parts => parts[0], parts => parts[1]);
        Assert.Equal("yes", told["request"].Single());

        var provider = Version.Parse(told["provider"].Single());
        if (provider > Last)
        {
            Assert.Fail($"tpm2-openssl {provider} is new here: TLS 1.3 with a key in a TPM, {told["tls"].Single()}. "
                + "Where it says yes, it works now: take \"key\": \"tpm\" in. Where it says no, write down here and in "
                + $"docs/guides/technician.md what was seen: {told["said"].Single()}");
        }

        Assert.Equal("no", told["tls"].Single());
        Assert.Contains("cannot duplicate context", told["said"].Single(), StringComparison.Ordinal);
        Assert.Contains("not able to copy ctx", told["said"].Single(), StringComparison.Ordinal);
    }

    /// <summary>Two in a row: the second is the TPM's control channel.</summary>
    private static int Port()
    {
        for (var tries = 0; tries < 100; tries++)
        {
            var port = FieldDirectory.FreePort();
            if (port < 65535 && IsFree(port + 1))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No two free ports in a row.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
