using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using CsCheck;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Schema;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class SchemaTests
{
    [Fact]
    public void The_published_schema_is_the_one_that_checks()
    {
        var published = File.ReadAllText(Repository.File("agent/Configuration/gateway.schema.json"));
        Assert.True(published == PublishedSchema.Write(), "write it anew: sluice-agent schema > "
            + "agent/Configuration/gateway.schema.json");
    }

    [Fact]
    public void Every_key_of_the_schema_has_a_property_and_every_property_a_key()
    {
        AssertSame(GatewaySchema.Root, GatewayDraftContext.Default.GatewayDraft);
        var sources = (NamedShape)GatewaySchema.Root.Keys.Single(key => key.Name == "sources").Shape;
        var keys = sources.Kinds.Values.SelectMany(kind => kind.Keys).Where(IsBuilt).Select(key => key.Name);
        var properties = GatewayDraftContext.Default.SourceDraft.Properties.Select(property => property.Name);
        Assert.Equal(keys.Distinct().Order(), properties.Order());
        foreach (var kind in sources.Kinds)
        {
            Assert.Equal(kind.Key, ((WordShape)kind.Value.Keys.Single(key => key.Name == "kind").Shape).Words.Single());
            Assert.Contains(kind.Key, sources.Kind.Words);
        }

        // What stands inside a source is a key of one kind at least, and bound once for all of them.
        var inner = sources.Kinds.Values.SelectMany(kind => kind.Keys).Where(IsBuilt).ToList();
        AssertBound(inner.Select(key => key.Shape).OfType<ObjectShape>(), GatewayDraftContext.Default.QuirksDraft);
        AssertBound(
            inner.Select(key => key.Shape).OfType<ListShape>().Select(list => list.Item).OfType<ObjectShape>(),
            GatewayDraftContext.Default.GuardDraft);
    }

    [Fact]
    public void The_defaults_of_the_schema_are_those_of_the_configuration()
    {
        var configuration = MemoryFolder.Load(MemoryFolder.Gateway, MemoryFolder.List).Configuration!;
        var broker = new BrokerSettings { Host = "", Addresses = [], Network = default };
        Assert.Equal(broker, configuration.Broker with { Host = "", Addresses = broker.Addresses, Network = default });
        Assert.Equal(new PublishSettings(), configuration.Publish);
        Assert.Equal(new BufferSettings { Directory = "" }, configuration.Buffer with { Directory = "" });
        Assert.Equal(
            new Sluice.Hal.Modbus.ModbusTcpOptions { Address = IPAddress.Any },
            Assert.IsType<ModbusTcpSettings>(configuration.Sources[0]).Options with { Address = IPAddress.Any });
    }

    [Fact]
    public void The_defaults_of_an_RTU_bus_are_those_of_its_options()
    {
        var serial = Rtu("""{ "kind": "modbus-rtu", "port": "/dev/ttyUSB0", "signals": "hmi1.csv" }""");
        Assert.Equal(new SerialPortOptions { Path = "/dev/ttyUSB0" }, serial.Port);
        Assert.Null(serial.Converter);

        // The silence comes from the baud rate: 3.5 characters of 11 bits at 19,200 baud (V1.02, 2.5.1.1).
        Assert.Equal(new ModbusRtuOptions { Silence = TimeSpan.FromSeconds(38.5 / 19_200) }, serial.Options);

        var behind = Rtu(
            """{ "kind": "modbus-rtu-over-tcp", "address": "10.10.1.40", "port": 4001, "signals": "hmi1.csv" }""");
        Assert.Null(behind.Port);
        Assert.Equal(IPEndPoint.Parse("10.10.1.40:4001"), behind.Converter);
        Assert.Equal(new ModbusRtuOptions { ListenFirst = TimeSpan.Zero }, behind.Options);
    }

    [Fact]
    public void Every_default_is_a_value_that_its_own_shape_takes()
    {
        foreach (var key in AllKeys(GatewaySchema.Root).Where(key => key.Default is not null))
        {
            var problems = new ProblemList("default");
            var node = FileTree.Read(System.Text.Encoding.UTF8.GetBytes(key.Default!), problems)!;
            using var accepted = new Utf8JsonWriter(new MemoryStream());
            accepted.WriteStartObject();
            key.Shape.Walk(node, key.Name, key.Name, new SchemaWalk(problems, accepted));
            Assert.True(problems.ErrorCount == 0, $"{key.Name}: {key.Default}");
        }
    }

    [Fact]
    public void Every_key_says_what_it_means()
    {
        Assert.All(AllKeys(GatewaySchema.Root), key => Assert.EndsWith(".", key.Sentence, StringComparison.Ordinal));
        Assert.All(SignalListSchema.Columns, column => Assert.EndsWith(".", column.Sentence, StringComparison.Ordinal));
    }

    [Fact]
    public void The_patterns_for_editors_say_what_the_rules_say()
    {
        var letters = Gen.String[Gen.Char["aZ09_-./ #é\n"], 0, 34];
        letters.Sample(text =>
        {
            Assert.Equal(Matches(NameText.NamePattern, text), NameText.RefuseName(text) is null);
            Assert.Equal(Matches(NameText.HostPattern, text), NameText.RefuseHost(text) is null);
            Assert.Equal(Matches(NameText.SignalPattern, text), NameText.RefuseSignal(text) is null);
        });
    }

    /// <summary>As JSON Schema means it: $ is the very end, which in .NET is \z.</summary>
    private static bool Matches(string pattern, string text) => Regex.IsMatch(text, pattern.TrimEnd('$') + "\\z");

    private static ModbusRtuSettings Rtu(string source)
    {
        const string Tcp = """{ "kind": "modbus-tcp", "address": "10.10.1.30", "signals": "hmi1.csv" }""";
        Assert.Contains(Tcp, MemoryFolder.Gateway, StringComparison.Ordinal);
        var gateway = MemoryFolder.Gateway.Replace(Tcp, source, StringComparison.Ordinal);
        return Assert.IsType<ModbusRtuSettings>(
            Assert.Single(MemoryFolder.Load(gateway, MemoryFolder.List).Configuration!.Sources));
    }

    private static void AssertBound(IEnumerable<ObjectShape> shapes, JsonTypeInfo bound) => Assert.Equal(
        shapes.SelectMany(shape => shape.Keys).Where(IsBuilt).Select(key => key.Name).Distinct().Order(),
        bound.Properties.Select(property => property.Name).Order());

    private static bool IsBuilt(Key key) => key.NotBuilt is null;

    private static IEnumerable<Key> AllKeys(ObjectShape shape) =>
        shape.Keys.Concat(shape.Keys.SelectMany(key => key.Shape switch
        {
            ObjectShape inner => AllKeys(inner),
            NamedShape named => named.Kinds.Values.SelectMany(AllKeys),
            ListShape { Item: ObjectShape item } => AllKeys(item),
            _ => [],
        }));

    private static void AssertSame(ObjectShape shape, JsonTypeInfo bound)
    {
        var keys = shape.Keys.Where(IsBuilt).Select(key => key.Name);
        Assert.Equal(keys.Order(), bound.Properties.Select(property => property.Name).Order());
        foreach (var key in shape.Keys)
        {
            if (key.Shape is ObjectShape inner)
            {
                var property = bound.Properties.Single(each => each.Name == key.Name);
                AssertSame(inner, GatewayDraftContext.Default.GetTypeInfo(property.PropertyType)!);
            }
        }
    }
}
