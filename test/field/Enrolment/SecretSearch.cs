using System.Security.Cryptography;
using System.Text;

namespace Sluice.Field.Enrolment;

/// <summary>Looks for secrets in all the forms in which somebody might write them without thinking.</summary>
internal sealed class SecretSearch
{
    /// <summary>So many letters of a line are enough to know it by, and nobody writes them by chance.</summary>
    private const int PieceLetters = 16;

    private readonly List<(string What, byte[] Form)> forms = [];

    /// <param name="passphraseFiles">Each with a passphrase in its first line.</param>
    public SecretSearch(params string[] passphraseFiles)
    {
        foreach (var file in passphraseFiles)
        {
            AddBytes("a passphrase", Encoding.UTF8.GetBytes(File.ReadLines(file).First()));
        }
    }

    /// <summary>A P-256 key in PEM: its lines, piece by piece, and the secret number itself.</summary>
    public void AddKey(string file)
    {
        var pem = File.ReadAllText(file);
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        AddBytes("the secret number", key.ExportParameters(includePrivateParameters: true).D!);

        // What stands before the number is the same in every key: the form, the curve.
        var base64 = Convert.ToBase64String(key.ExportPkcs8PrivateKey());
        for (var at = 48; at + PieceLetters <= 88; at += 4)
        {
            forms.Add(($"letters {at} on of a key file", Encoding.ASCII.GetBytes(base64.Substring(at, PieceLetters))));
        }
    }

    /// <summary>What was found, or nothing. Hex counts in either case.</summary>
    public string FoundIn(byte[] told)
    {
        var lower = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(told).ToLowerInvariant());
        return forms.FirstOrDefault(form => told.AsSpan().IndexOf(form.Form) >= 0
            || lower.AsSpan().IndexOf(form.Form) >= 0).What ?? "";
    }

    private void AddBytes(string what, byte[] secret)
    {
        forms.Add((what, secret));
        var hex = Convert.ToHexStringLower(secret);
        forms.Add(($"{what} in hex", Encoding.ASCII.GetBytes(hex)));
        forms.Add(($"{what} in hex with colons", Encoding.ASCII.GetBytes(
            string.Join(':', hex.Chunk(2).Select(pair => new string(pair))))));
        for (var before = 0; before < 3; before++)
        {
            // In the middle of something longer it has one of three looks; the ends depend on the neighbours.
            var base64 = Convert.ToBase64String([.. new byte[before], .. secret]);
            forms.Add(($"{what} in base64", Encoding.ASCII.GetBytes(base64[4..^4])));
        }
    }
}
