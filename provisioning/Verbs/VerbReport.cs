using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Provisioning.Identities;

namespace Sluice.Provisioning.Verbs;

/// <summary>
/// How a verb of either program ended: for a person, one sentence when it worked, and else what happened, what that
/// means and what to do; for a program, this as one JSON document (<c>--json</c>). Fields are only ever added; those
/// that a verb has nothing to say to are left out.
/// </summary>
public sealed record VerbReport
{
    // People read it too: a quote stays a quote. It is never put into HTML.
    private static readonly VerbJson Readable = new(new JsonSerializerOptions(VerbJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public required string Verb { get; init; }

    /// <summary>What the process ends with; the guide lists the numbers.</summary>
    public required int ExitCode { get; init; }

    /// <summary>What was done; or what happened instead.</summary>
    public required string Sentence { get; init; }

    /// <summary>What that means; only where it did not work.</summary>
    public string? Means { get; init; }

    /// <summary>What to do about it; only where it did not work.</summary>
    public string? Do { get; init; }

    /// <summary>More to know, one line each: warnings, what comes next.</summary>
    public IReadOnlyList<string>? Notes { get; init; }

    /// <summary>Mistakes and warnings of files that a person wrote, each with its file and line.</summary>
    public IReadOnlyList<string>? Problems { get; init; }

    public string? Gateway { get; init; }

    public string? Site { get; init; }

    /// <summary>Short fingerprint of the gateway's key.</summary>
    public string? KeyFingerprint { get; init; }

    /// <summary>What keeps a key that was just made from others.</summary>
    public string? KeyProtection { get; init; }

    /// <summary>What the QR code of the gateway's label says.</summary>
    public string? Label { get; init; }

    /// <summary>Short fingerprint of the plant's root.</summary>
    public string? RootFingerprint { get; init; }

    /// <summary>Why a bundle was refused, in one word.</summary>
    public string? Refusal { get; init; }

    public VerbIdentity? Identity { get; init; }

    public IReadOnlyList<VerbStep>? Steps { get; init; }

    public IReadOnlyList<VerbCertificate>? Certificates { get; init; }

    /// <summary>What the CA's authorities took back, and until when these lists are good.</summary>
    public IReadOnlyList<VerbList>? RevocationLists { get; init; }

    /// <summary>Files that were written.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    public VerbAudit? Audit { get; init; }

    /// <summary>What came of each job, where a verb does several.</summary>
    public IReadOnlyList<VerbReport>? Jobs { get; init; }

    /// <summary>What a person reads instead of the fields: a table, several lines.</summary>
    [JsonIgnore]
    public string Shown { get; init; } = "";

    [JsonIgnore]
    public bool Worked => ExitCode == 0;

    public static VerbReport Failed(string verb, int code, string happened, string means, string todo) =>
        new() { Verb = verb, ExitCode = code, Sentence = happened, Means = means, Do = todo };

    /// <summary>Prints it, and returns the exit code.</summary>
    public int Print(TextWriter output, TextWriter error, bool asJson)
    {
        if (asJson)
        {
            output.WriteLine(JsonSerializer.Serialize(this, Readable.VerbReport));
            return ExitCode;
        }

        output.Write(Shown);
        foreach (var step in Steps ?? [])
        {
            output.WriteLine($"  {(step.Passed ? "ok    " : "FAILED")}  {step.Name}: {step.Verdict}");
        }

        var into = Worked ? output : error;
        into.WriteLine(Sentence);
        foreach (var line in new[] { Means, Do is null ? null : $"What to do: {Do}" }.OfType<string>())
        {
            into.WriteLine(line);
        }

        foreach (var note in Notes ?? [])
        {
            into.WriteLine($"Note: {note}");
        }

        return ExitCode;
    }
}

/// <summary>How far an identity is. Versions as their folders are called.</summary>
public sealed record VerbIdentity(
    bool HasRequest, string? Staged, bool StagedVerified, string? Active, string? Previous)
{
    public string? Serial { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? NotAfter { get; init; }

    /// <summary><c>set</c>, <c>not set</c> or <c>behind</c>.</summary>
    public string? Clock { get; init; }

    /// <summary>Whose it is: <c>this</c> machine's, <c>another</c> one's, or <c>not bound</c>.</summary>
    public string? Machine { get; init; }
}

/// <summary>One step of a trial.</summary>
public sealed record VerbStep(string Name, bool Passed, string Verdict);

/// <summary>One certificate of the register.</summary>
public sealed record VerbCertificate(
    string Name, string Kind, string Serial, string KeyFingerprint, DateTimeOffset NotAfter, string State, int Bundle);

/// <summary>One revocation list.</summary>
public sealed record VerbList(string Issuer, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, int Revoked);

/// <summary>What stands in the audit log.</summary>
public sealed record VerbAudit(long Lines, string Head, IReadOnlyList<string> Problems, IReadOnlyList<string> Newest);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(VerbReport))]
public sealed partial class VerbJson : JsonSerializerContext;
