using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class ExampleTests
{
    [Fact]
    public void The_example_in_docs_loads_without_a_problem()
    {
        var loaded = ConfigurationLoader.Load(Repository.File("docs/examples/gateway.json"));

        Assert.Empty(loaded.Problems);
        var configuration = loaded.Configuration!;
        Assert.Equal(new GatewayName("plant1", "gw-042"), configuration.Gateway);
        Assert.Equal(IPAddress.Parse("192.0.2.10"), Assert.Single(configuration.Broker.Addresses));
        Assert.Equal(IPNetwork.Parse("192.0.2.0/28"), configuration.Broker.Network);
        Assert.Equal(TimeSpan.FromSeconds(15), configuration.Broker.KeepAlive);
        Assert.Equal(2L << 30, configuration.Buffer.SizeBytesMax);
        Assert.Equal(2L << 20, configuration.Publish.RateBytesPerSecondMax);
        Assert.Equal(IPAddress.Parse("192.0.2.11"), Assert.Single(configuration.TimeServers));
        Assert.Equal(64, configuration.Hash.Length);
    }

    [Fact]
    public void The_example_s_panel_is_bound_with_addresses_and_orders()
    {
        var loaded = ConfigurationLoader.Load(Repository.File("docs/examples/gateway.json"));
        var panel = Assert.IsType<ModbusTcpSettings>(loaded.Configuration!.Sources[0]);

        Assert.Equal("hmi1", panel.Name);
        Assert.Equal(64, panel.Options.RegistersMax);
        Assert.Equal(panel.Signals.Select(each => each.Signal), panel.Addresses.Select(each => each.Signal));
        Assert.Equal("hmi1/oil/temperature", panel.Signals[0].Signal.Name);
        Assert.Equal(new ReportRule(false, 0.2, TimeSpan.FromSeconds(60)), panel.Signals[0].Report);
        Assert.Equal(new ModbusAddress(ModbusTable.HoldingRegister, 100), panel.Addresses[0].Address);
        Assert.Equal(ByteOrder.CDAB, panel.Addresses[0].Order);
        Assert.Equal(3, panel.Addresses[3].UnitId);
        Assert.Equal(0.01, panel.Addresses[3].Scale);
        Assert.Equal("Recipe in use, as the operator sees it", panel.Signals[4].Signal.Description);
        Assert.Equal(new ModbusAddress(ModbusTable.HoldingRegister, 300, 4), panel.Addresses[5].Address);
        Assert.True(panel.Signals[5].Report.Always);
    }
}
