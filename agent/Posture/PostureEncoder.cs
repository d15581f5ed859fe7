using System.Text.Json;
using Sluice.Agent.Buffering;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Proof;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Posture;

/// <summary>Writes postures (WIRE.md). Stateless but for who speaks.</summary>
internal sealed class PostureEncoder(Speaker speaker, SoftwareFacts software, ComponentList components)
{
    private const int IssuerCharactersMax = 100;

    /// <param name="into">Where to.</param>
    /// <param name="content">What is.</param>
    /// <param name="sentUtc">Now.</param>
    /// <param name="revocationListsMax">How many of them, where a broker takes no more.</param>
    public void Encode(PayloadBuffer into, PostureContent content, DateTime sentUtc, int revocationListsMax)
    {
        using var json = ContractJson.Begin(into, speaker, withSite: true);
        ContractJson.WriteTime(json, "sent"u8, sentUtc);
        WriteSoftware(json);
        json.WriteString("config"u8, speaker.ConfigurationHash);
        if (content.Session is { } session)
        {
            WriteSession(json, session, content.TrustVersion, sentUtc, revocationListsMax);
        }

        if (content.Host.Listeners is { } listeners)
        {
            json.WriteNumber("listeners"u8, listeners);
        }

        if (content.Host.Egress is { } egress)
        {
            WriteEgress(json, egress);
        }

        json.WriteStartObject("takenOver"u8);
        json.WriteNumber("count"u8, content.TakenOver);
        json.WriteNumber("closed"u8, content.ClosedWordless);
        json.WriteBoolean("contested"u8, content.IsContested);
        json.WriteEndObject();

        if (content.Record is { } record)
        {
            WriteRecord(json, record);
        }

        if (content.Host.Audit is { } audit)
        {
            json.WriteStartObject("audit"u8);
            json.WriteNumber("line"u8, audit.Line);
            json.WriteString("hash"u8, audit.Hash);
            json.WriteEndObject();
        }

        WriteDisk(json, content);
        json.WriteEndObject();
    }

    /// <summary>
    /// As openssl prints it: two digits a byte, without the byte that keeps a number from being read as negative.
    /// </summary>
    internal static string Serial(string hex)
    {
        var from = 0;
        while (hex.Length - from > 2 && hex[from] == '0' && hex[from + 1] == '0')
        {
            from += 2;
        }

        return hex[from..].ToUpperInvariant();
    }

    private void WriteSoftware(Utf8JsonWriter json)
    {
        json.WriteStartObject("software"u8);
        json.WriteString("agent"u8, software.Agent);
        json.WriteString("runtime"u8, software.Runtime);
        json.WriteString("platform"u8, software.Platform);
        json.WriteString("system"u8, software.System);
        json.WriteString("kernel"u8, software.Kernel);
        json.WriteEndObject();
        json.WriteStartObject("components"u8);
        json.WriteNumber("count"u8, components.Lines.Count);
        json.WriteString("hash"u8, components.Hash);
        json.WriteEndObject();
    }

    private static void WriteSession(
        Utf8JsonWriter json, SessionFacts session, int trustVersion, DateTime sentUtc, int revocationListsMax)
    {
        json.WriteStartObject("certificate"u8);
        json.WriteString("serial"u8, Serial(session.CertificateSerial));
        ContractJson.WriteTime(json, "notAfter"u8, session.CertificateNotAfter.UtcDateTime);
        json.WriteEndObject();
        json.WriteStartArray("revocationLists"u8);
        foreach (var list in session.RevocationLists.Take(revocationListsMax))
        {
            json.WriteStartObject();
            json.WriteString("issuer"u8, FileNode.Clip(list.Issuer, IssuerCharactersMax));
            ContractJson.WriteTime(json, "thisUpdate"u8, list.ThisUpdate.UtcDateTime);
            if (list.NextUpdate < DateTimeOffset.MaxValue)
            {
                ContractJson.WriteTime(json, "nextUpdate"u8, list.NextUpdate.UtcDateTime);
            }

            // A clock that is not set may be before it.
            if (sentUtc >= list.ThisUpdate.UtcDateTime)
            {
                json.WriteNumber("ageSeconds"u8, (long)(sentUtc - list.ThisUpdate.UtcDateTime).TotalSeconds);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (trustVersion > 0)
        {
            json.WriteStartObject("trust"u8);
            json.WriteNumber("version"u8, trustVersion);
            json.WriteEndObject();
        }

        json.WriteStartObject("tls"u8);
        json.WriteString("version"u8, session.TlsVersion);
        json.WriteString("cipher"u8, session.Cipher);
        json.WriteEndObject();
    }

    private static void WriteEgress(Utf8JsonWriter json, EgressFacts egress)
    {
        json.WriteStartObject("egress"u8);
        json.WriteNumber("landlock"u8, egress.Jail.Landlock);
        json.WriteBoolean("seccomp"u8, egress.Jail.Filters);
        if (egress.Proof is { } proof)
        {
            WriteProof(json, proof);
        }

        if (egress.HostRules is { } rules)
        {
            json.WriteStartObject("hostRules"u8);
            WriteProof(json, rules);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteProof(Utf8JsonWriter json, ProofView proof)
    {
        ContractJson.WriteTime(json, "proved"u8, proof.Utc);
        json.WriteStartArray("attempts"u8);
        foreach (var attempt in proof.Attempts)
        {
            json.WriteStartObject();
            json.WriteString("attempt"u8, attempt.Word);
            json.WriteString("outcome"u8, attempt.By.Length > 0 ? attempt.By : ProofWords.Of(attempt.Verdict));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRecord(Utf8JsonWriter json, RecordView record)
    {
        json.WriteStartObject("clock"u8);
        json.WriteString("state"u8, ContractJson.StateWord(record.Clock.IsSet));
        json.WriteString("boot"u8, record.Clock.Boot.ToString("N"));
        json.WriteNumber("stepped"u8, record.StepsTotal);
        json.WriteEndObject();
        if (record.Start is not { } start)
        {
            return;
        }

        json.WriteStartObject("start"u8);
        json.WriteString("reason"u8, start.Before is { } before ? ContractJson.ReasonWord(before) : "First"u8);
        if (start.Before is not null)
        {
            json.WriteBoolean("rebooted"u8, start.BootBefore != record.Clock.Boot);
        }

        json.WriteEndObject();
    }

    private static void WriteDisk(Utf8JsonWriter json, PostureContent content)
    {
        json.WriteStartObject("disk"u8);
        json.WriteString("storage"u8, content.Storage);
        if (content.Host.Disk is { } disk)
        {
            json.WriteNumber("sizeBytes"u8, disk.SizeBytes);
            json.WriteNumber("freeBytes"u8, disk.FreeBytes);
        }

        json.WriteNumber("bufferBytes"u8, content.BufferBytes);
        json.WriteNumber("bufferBytesMax"u8, content.BufferBytesMax);
        if (content.WrittenBytesPerDay is { } written)
        {
            json.WriteNumber("writtenBytesPerDay"u8, (long)Math.Min(written, long.MaxValue / 2));
        }

        json.WriteEndObject();
    }
}
