using System.Security.Cryptography;

namespace Sluice.Provisioning.Keys;

/// <summary>
/// The board's TPM as an identity uses it: commands to it, and a key of it for TLS. The seam by which a test plays a
/// TPM; the real one is <see cref="BoardTpm"/>. Calls throw <see cref="TpmException"/>.
/// </summary>
public interface ITpm
{
    /// <summary>A connection for some commands in a row.</summary>
    ITpmChannel Open();

    /// <summary>The key behind a handle as OpenSSL can use it under TLS.</summary>
    ECDsa OpenForTls(uint handle);
}

/// <summary>Carries one command to the TPM and its response back, bytes as TPM 2.0 part 3 has them.</summary>
public interface ITpmChannel : IDisposable
{
    byte[] Exchange(ReadOnlySpan<byte> command);
}
