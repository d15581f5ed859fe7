using System.Text.Json;

namespace Sluice.Plant.Gateway;

/// <summary>
/// One source of a gateway under test: its members in gateway.json as they stand there, and its signal list.
/// </summary>
/// <param name="Name">The source's name; its signal list is NAME.csv.</param>
/// <param name="Kind">modbus-tcp, simulated ...</param>
/// <param name="SignalList">Lines of the CSV, the header first.</param>
public sealed record SourceFile(string Name, string Kind, IReadOnlyList<string> SignalList)
{
    public const string Header =
        "signal,address,type,order,scale,offset,unit,report,deadband,atLeastEvery,every,unitId,description";

    public string Every { get; init; } = "1 s";

    /// <summary>0: the kind has no port.</summary>
    public int Port { get; init; }

    public string Address { get; init; } = "127.0.0.1";

    public string? Timeout { get; init; }

    public string? Profile { get; init; }

    public static SourceFile ModbusTcp(string name, int port, params string[] signals) =>
        new(name, "modbus-tcp", [Header, .. signals]) { Port = port };

    public static SourceFile Simulated(string name, params string[] signals) =>
        new(name, "simulated", [Header, .. signals]);
}

/// <summary>
/// What stands in the gateway.json of a gateway under test. The defaults are a gateway beside its broker.
/// </summary>
public sealed record GatewayFiles
{
    public string Site { get; init; } = "plant1";

    public string Id { get; init; } = "gw-042";

    public string BrokerHost { get; init; } = "mes-broker.dmz.plant1";

    public string BrokerAddress { get; init; } = "127.0.0.1";

    public required int BrokerPort { get; init; }

    public string BrokerNetwork { get; init; } = "127.0.0.0/8";

    public string KeepAlive { get; init; } = "5 s";

    public string CommitEvery { get; init; } = "200 ms";

    /// <summary>
    /// Where tests run there is seldom a time service: the clock is taken as it is, unless a test is about the clock.
    /// </summary>
    public string Clock { get; init; } = "trusted";

    public string SizeMax { get; init; } = "64 MiB";

    /// <summary>publish.rateMax; null: the default.</summary>
    public string? RateMax { get; init; }

    /// <summary>publish.compress; null: the default.</summary>
    public string? Compress { get; init; }

    public IReadOnlyList<SourceFile> Sources { get; init; } = [];

    /// <summary>
    /// Writes gateway.json and the signal lists into <paramref name="directory"/>. Identity and buffer are its
    /// subdirectories <c>identity</c> and <c>buffer</c>. Returns the path of gateway.json.
    /// </summary>
    public string Write(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (var source in Sources)
        {
            File.WriteAllLines(Path.Combine(directory, source.Name + ".csv"), source.SignalList);
        }

        var path = Path.Combine(directory, "gateway.json");
        using var stream = File.Create(path);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        Section(json, "gateway", ("site", Site), ("id", Id));
        WriteBroker(json);
        Section(json, "time", ("clock", Clock));
        Section(json, "identity", ("directory", Path.Combine(directory, "identity")));
        Section(
            json, "buffer",
            ("directory", Path.Combine(directory, "buffer")), ("sizeMax", SizeMax), ("commitEvery", CommitEvery));
        WritePublish(json);
        json.WriteStartObject("sources");
        foreach (var source in Sources)
        {
            WriteSource(json, source);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        return path;
    }

    private static void Section(Utf8JsonWriter json, string name, params (string Name, string Value)[] members)
    {
        json.WriteStartObject(name);
        foreach (var member in members)
        {
            json.WriteString(member.Name, member.Value);
        }

        json.WriteEndObject();
    }

    private void WritePublish(Utf8JsonWriter json)
    {
        var stated = ((string Name, string? Value)[])[("rateMax", RateMax), ("compress", Compress)];
        if (stated.Any(member => member.Value is not null))
        {
            Section(
                json, "publish",
                [.. stated.Where(member => member.Value is not null).Select(member => (member.Name, member.Value!))]);
        }
    }

    private void WriteBroker(Utf8JsonWriter json)
    {
        json.WriteStartObject("broker");
        json.WriteString("host", BrokerHost);
        json.WriteStartArray("addresses");
        json.WriteStringValue(BrokerAddress);
        json.WriteEndArray();
        json.WriteNumber("port", BrokerPort);
        json.WriteString("network", BrokerNetwork);
        json.WriteString("keepAlive", KeepAlive);
        json.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter json, SourceFile source)
    {
        json.WriteStartObject(source.Name);
        json.WriteString("kind", source.Kind);
        if (source.Port > 0)
        {
            json.WriteString("address", source.Address);
            json.WriteNumber("port", source.Port);
        }

        if (source.Profile is not null)
        {
            json.WriteString("profile", source.Profile);
        }

        if (source.Timeout is not null)
        {
            json.WriteString("timeout", source.Timeout);
        }

        json.WriteString("every", source.Every);
        json.WriteString("signals", source.Name + ".csv");
        json.WriteEndObject();
    }
}
