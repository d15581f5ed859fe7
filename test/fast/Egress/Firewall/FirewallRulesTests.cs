using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Firewall;
using Xunit;

namespace Sluice.Fast.Egress.Firewall;

public sealed class FirewallRulesTests
{
    [Fact]
    public void Each_stated_flow_is_a_rule_and_all_else_is_refused_at_once() => Assert.Equal(
        """
        table inet sluice {}
        delete table inet sluice
        table inet sluice {
        	chain agent {
        		ip daddr 192.0.2.10 tcp dport 8883 accept comment "broker"
        		ip daddr 10.10.1.30 tcp dport 502 accept comment "hmi1 hmi1-fast"
        		ip daddr 10.10.1.40 tcp dport 4001 accept comment "meter"
        		counter reject with icmpx admin-prohibited comment "all else"
        	}
        	chain output {
        		type filter hook output priority 0; policy drop;
        		meta skuid 990 goto agent comment "agent"
        		oifname "lo" accept comment "the host itself"
        		ct state established,related accept comment "answers"
        		meta skuid 991 ip daddr 192.0.2.11 udp dport 123 accept comment "time"
        		counter reject with icmpx admin-prohibited comment "all else"
        	}
        	chain forward {
        		type filter hook forward priority 0; policy drop;
        	}
        }

        """.ReplaceLineEndings("\n"),
        FirewallWorld.Rules.Text());

    [Fact]
    public void Without_flows_the_agent_reaches_nothing()
    {
        var text = new FirewallRules([], FirewallWorld.Users).Text();

        Assert.DoesNotContain("daddr", text, StringComparison.Ordinal);
        Assert.Contains("goto agent", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("reject with").Length - 1);
    }

    [Fact]
    public void IPv6_is_open_only_as_far_as_a_flow_names_it()
    {
        StatedFlow[] flows = [new(FlowOwner.Agent, IPAddress.Parse("fd00::10"), true, 8883, "broker")];
        var text = new FirewallRules(flows, FirewallWorld.Users).Text();

        Assert.Contains("ip6 daddr fd00::10 tcp dport 8883 accept", text, StringComparison.Ordinal);
        Assert.Contains("nd-neighbor-solicit", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ip6", FirewallWorld.Rules.Text(), StringComparison.Ordinal);
        Assert.DoesNotContain("icmpv6", FirewallWorld.Rules.Text(), StringComparison.Ordinal);
    }

    /// <summary>The broker's address among the machines is somebody else's machine, and the other way round.</summary>
    [Fact]
    public void Where_the_card_to_the_broker_is_named_each_flow_keeps_to_its_side()
    {
        StatedFlow[] flows =
        [
            new(FlowOwner.Agent, IPAddress.Parse("192.0.2.10"), true, 8883, "broker")
            {
                Card = "dmz0", IsByCard = true,
            },
            new(FlowOwner.Agent, IPAddress.Parse("10.0.0.1"), true, 502, "plc") { Card = "dmz0" },
        ];
        var text = new FirewallRules(flows, FirewallWorld.Users).Text();

        Assert.Contains(
            "oifname \"dmz0\" ip daddr 192.0.2.10 tcp dport 8883 accept", text, StringComparison.Ordinal);
        Assert.Contains(
            "oifname != \"dmz0\" ip daddr 10.0.0.1 tcp dport 502 accept", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_of_many_sources_has_no_comment_that_nft_would_refuse()
    {
        var many = string.Join(' ', Enumerable.Repeat("s", 99));
        StatedFlow[] flows = [new(FlowOwner.Agent, IPAddress.Parse("10.0.0.1"), true, 502, many)];
        var rule = new FirewallRules(flows, FirewallWorld.Users).Rules[0];

        Assert.InRange(rule.Text.Split('"')[1].Length, 100, 127);
    }

    [Fact]
    public void The_example_states_the_broker_each_device_once_and_the_time_servers()
    {
        var loaded = ConfigurationLoader.Load(Configuration.Repository.File("docs/examples/gateway.json"));
        var configuration = loaded.Configuration!;

        var flows = StatedFlow.Of(configuration);

        var devices = configuration.Sources.OfType<ModbusTcpSettings>()
            .Select(tcp => (tcp.Options.Address, tcp.Options.Port))
            .Concat(configuration.Sources.OfType<ModbusRtuSettings>().Where(rtu => rtu.Converter is not null)
                .Select(rtu => (rtu.Converter!.Address, rtu.Converter.Port)))
            .Distinct().ToList();
        Assert.NotEmpty(devices);
        Assert.Equal(
            [.. configuration.Broker.Addresses.Select(address => (address, configuration.Broker.Port)), .. devices],
            flows.Where(flow => flow.Owner == FlowOwner.Agent && flow.IsTcp)
                .Select(flow => (flow.Address, flow.Port)));
        Assert.NotEmpty(configuration.TimeServers);
        Assert.Equal(
            configuration.TimeServers.Select(address => (address, 123, false)),
            flows.Where(flow => flow.Owner == FlowOwner.TimeService)
                .Select(flow => (flow.Address, flow.Port, flow.IsTcp)));
    }

    [Theory]
    [InlineData("sluice", 990u)]
    [InlineData("12345", 12345u)]
    [InlineData("root", 0u)]
    [InlineData("sluic", null)]
    [InlineData("broken", null)]
    [InlineData("", null)]
    public void A_user_is_found_by_name_or_number(string user, uint? number) => Assert.Equal(
        number,
        HostUsers.NumberOf(
            user, "root:x:0:0:root:/root:/bin/sh\nbroken:x\nsluice:x:990:990::/nonexistent:/usr/sbin/nologin\n"));
}
