using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Sluice.Field.Parts;
using Sluice.Provisioning.Keys;

namespace Sluice.Field.Enrolment;

/// <summary>
/// swtpm, by its socket: the commands of TPM 2.0 as every chip takes them, with nothing in front that would lend
/// places. One connection at a time.
/// </summary>
internal sealed class SoftwareTpm : ITpm, IAsyncDisposable
{
    private readonly int port;
    private readonly ChildProcess process;

    private SoftwareTpm(int port, ChildProcess process) => (this.port, this.process) = (port, process);

    public static async Task<SoftwareTpm> StartAsync(FieldDirectory directory)
    {
        var port = TpmPorts.Free();
        Directory.CreateDirectory(directory.At("swtpm"));
        var process = ChildProcess.Start("swtpm",
        [
            "socket", "--tpm2", "--tpmstate", $"dir={directory.At("swtpm")}", "--server", $"type=tcp,port={port}",
            "--ctrl", $"type=tcp,port={port + 1}", "--flags", "not-need-init,startup-clear",
        ]);
        var tpm = new SoftwareTpm(port, process);
        await Eventually.HoldsAsync(tpm.Answers, TimeSpan.FromSeconds(20), () => string.Join('\n', process.Lines));

        // Not Environment: OpenSSL's provider asks the C library.
        _ = SetVariable("TPM2OPENSSL_TCTI", $"swtpm:host=127.0.0.1,port={port}", 1);
        return tpm;
    }

    public ITpmChannel Open()
    {
        var client = new TcpClient();
        client.Connect(IPAddress.Loopback, port);
        return new Channel(client);
    }

    /// <summary>As the agent does it.</summary>
    public System.Security.Cryptography.ECDsa OpenForTls(uint handle) => BoardTpm.Instance.OpenForTls(handle);

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private bool Answers()
    {
        try
        {
            using var channel = Open();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetVariable(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value,
        int replaces);

    private sealed class Channel(TcpClient client) : ITpmChannel
    {
        public byte[] Exchange(ReadOnlySpan<byte> command)
        {
            client.GetStream().Write(command);
            var answer = new byte[4096];
            return answer[..client.GetStream().Read(answer)];
        }

        public void Dispose() => client.Dispose();
    }
}

/// <summary>Two ports in a row: the second is the TPM's control channel.</summary>
internal static class TpmPorts
{
    public static int Free()
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
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
