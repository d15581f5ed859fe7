using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace Sluice.Provisioning.Keys;

/// <summary>
/// The TPM 2.0 of this board: commands go to the kernel's /dev/tpmrm0, which lends each connection its own room in the
/// chip; TLS goes by OpenSSL's provider tpm2 (the Debian package tpm2-openssl), for .NET's TLS is OpenSSL's.
/// </summary>
public sealed class BoardTpm : ITpm
{
    public const string Device = "/dev/tpmrm0";

    private const string Provider = "tpm2";
    private const int ResponseBytesMax = 4096;

    private BoardTpm()
    {
    }

    public static BoardTpm Instance { get; } = new();

    public ITpmChannel Open()
    {
        try
        {
            return new DeviceChannel(new FileStream(Device, new FileStreamOptions
            {
                Mode = FileMode.Open, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0,
            }));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TpmException($"there is no {Device}: this machine has no TPM 2.0, or it is switched off in the "
                + "firmware's menu", "switch it on, or write \"key\": \"file\" (identity)");
        }
        catch (UnauthorizedAccessException)
        {
            throw new TpmException($"this user may not use {Device}", "run it as the agent's user, or with sudo");
        }
        catch (IOException world) when (world is not TpmException)
        {
            throw new TpmException($"{Device} cannot be opened ({world.Message.TrimEnd('.')})", "start the gateway "
                + "anew; where it stays so, write \"key\": \"file\" (identity)");
        }
    }

    public ECDsa OpenForTls(uint handle)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new TpmException("a key in a TPM is used on a gateway only", "run it there");
        }

        try
        {
            Settings.Make();
            using var key = SafeEvpPKeyHandle.OpenKeyFromProvider(Provider, $"handle:0x{handle:x8}");
            return new ECDsaOpenSsl(key);
        }
        catch (Exception failed) when (failed is CryptographicException or PlatformNotSupportedException)
        {
            throw new TpmException("OpenSSL's provider for the TPM is not there, or does not open the key ("
                + $"{failed.Message.TrimEnd('.')})", "install the Debian package tpm2-openssl, 1.2 or newer, or write "
                + "\"key\": \"file\" (identity)");
        }
    }

    /// <summary>
    /// Where the provider finds the TPM. Left to itself it would look for a service on the host's bus first. Whoever
    /// has set them means it.
    /// </summary>
    [SupportedOSPlatform("linux")]
    private static class Settings
    {
        static Settings()
        {
            // Not Environment: that changes .NET's copy, and the provider asks the C library.
            _ = SetVariable("TPM2OPENSSL_TCTI", $"device:{Device}", 0);
            _ = SetVariable("TSS2_LOG", "all+NONE", 0);
        }

        public static void Make()
        {
            // The first call is all.
        }

        [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false)]
        private static extern int SetVariable(
            [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value,
            int replaces);
    }

    /// <summary>A write is a whole command, and the read after it its whole response.</summary>
    private sealed class DeviceChannel(FileStream device) : ITpmChannel
    {
        public byte[] Exchange(ReadOnlySpan<byte> command)
        {
            try
            {
                device.Write(command);
                var answer = new byte[ResponseBytesMax];
                return answer[..device.Read(answer)];
            }
            catch (IOException world)
            {
                throw new TpmException($"the TPM does not answer ({world.Message.TrimEnd('.')})", "start the gateway "
                    + "anew; where it stays so, the board is broken");
            }
        }

        public void Dispose() => device.Dispose();
    }
}
