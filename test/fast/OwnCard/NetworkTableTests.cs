using System.Text;
using CsCheck;
using Sluice.Agent.Configuration;
using Sluice.Agent.OwnCard;
using Xunit;

namespace Sluice.Fast.OwnCard;

/// <summary>Anybody may have written network.txt, and a service of root's reads what becomes of it.</summary>
public sealed class NetworkTableTests
{
    private static readonly string[] Words =
    [
        "eth0", "[Match]", "Name=*", "dhcp", "via", "to", "10.0.0.1/24", "10.0.0.0/8", "10.0.0.9", "off", "\n", "\r",
        "#", "=", "%n", "../../x", "aa:bb:cc:dd:ee:ff", "::1/128", "fd00::1/64",
    ];

    private static readonly string[] Gaps = [" ", "\n", "\t", ""];

    [Fact]
    public void A_card_with_an_address_a_router_and_a_way_becomes_one_unit()
    {
        var units = Right("# DMZ\r\nenp1s0  192.0.2.2/28 via 192.0.2.1\r\n\r\n"
            + "enp1s0 to 10.20.0.0/16 via 192.0.2.9 # old\r\n");
        var (name, text) = Assert.Single(units);
        Assert.Equal("10-sluice-enp1s0.network", name);
        Assert.Equal(
            """
            # Made of network.txt on the gateway's card.
            [Match]
            Name=enp1s0

            [Network]
            LinkLocalAddressing=no
            IPv6AcceptRA=no
            LLMNR=no
            MulticastDNS=no
            LLDP=no
            Address=192.0.2.2/28

            [Route]
            Gateway=192.0.2.1

            [Route]
            Destination=10.20.0.0/16
            Gateway=192.0.2.9

            """, text);
    }

    [Fact]
    public void A_card_may_be_known_by_its_hardware_ask_for_an_address_or_be_off()
    {
        var units = Right("02:00:5E:10:00:01 10.10.1.2/24\neth1 dhcp\neth2 off\n");
        Assert.Equal(
            ["10-sluice-02-00-5e-10-00-01.network", "10-sluice-eth1.network", "10-sluice-eth2.network"], units.Keys);
        Assert.Contains("MACAddress=02:00:5e:10:00:01\n", units["10-sluice-02-00-5e-10-00-01.network"]);
        Assert.Contains("\nDHCP=ipv4\n", units["10-sluice-eth1.network"]);
        Assert.Contains("ActivationPolicy=always-down", units["10-sluice-eth2.network"]);
    }

    [Theory]
    [InlineData("enp1s0", "is not understood")]
    [InlineData("enp1s0 192.0.2.2", "has no length")]
    [InlineData("enp1s0 192.0.2.2/7", "a number from 8 to 32")]
    [InlineData("enp1s0 192.0.2.2/33", "a number from 8 to 32")]
    [InlineData("enp1s0 010.0.0.1/24", "without leading zeros")]
    [InlineData("enp1s0 192.0.2.2/28 via router", "is a name")]
    [InlineData("enp1s0 to 10.20.0.1/16 via 192.0.2.1", "write the network")]
    [InlineData("enp1s0 dhcp\nenp1s0 192.0.2.2/28", "either given addresses")]
    [InlineData("lo 192.0.2.2/28", "is no network card")]
    [InlineData("*  192.0.2.2/28", "is no network card")]
    [InlineData("../x 192.0.2.2/28", "is no network card")]
    [InlineData("eth\u00e9 192.0.2.2/28", "is no network card")]
    [InlineData("averyveryverylongname dhcp", "is no network card")]
    [InlineData("eth0 dhcp\0", "zero bytes")]
    public void A_wrong_line_is_told_and_nothing_is_made(string text, string words)
    {
        var problems = new ProblemList("network.txt");
        Assert.Empty(NetworkTable.Read(Encoding.UTF8.GetBytes("ok 10.1.2.3/24\n" + text), problems));
        Assert.Contains(words, Assert.Single(problems.Problems).Sentence);
    }

    /// <summary>Sections, keys and folders are ours alone, whatever somebody writes.</summary>
    [Fact]
    public void Whatever_stands_there_only_our_own_keys_come_out() => Gen.Select(
        Gen.Int[0, Words.Length - 1], Gen.Int[0, Gaps.Length - 1]).List[0, 40].Sample(words =>
        {
            var problems = new ProblemList("network.txt");
            var text = string.Concat(words.Select(each => Words[each.Item1] + Gaps[each.Item2]));
            var units = NetworkTable.Read(Encoding.UTF8.GetBytes(text), problems);
            Assert.True(problems.ErrorCount == 0 || units.Count == 0);
            Assert.All(units, unit =>
            {
                Assert.Matches(@"^10-sluice-[A-Za-z0-9_.-]{1,17}\.network$", unit.Key);
                Assert.DoesNotContain("..", unit.Key);
                Assert.All(Encoding.ASCII.GetString(unit.Value).Split('\n'), line => Assert.Matches(
                    @"^(|#.*|\[(Match|Link|Network|Route|DHCPv4)\]|[A-Za-z0-9]+=[A-Za-z0-9:./_-]*)$", line));
            });
        });

    private static Dictionary<string, string> Right(string text)
    {
        var problems = new ProblemList("network.txt");
        var units = NetworkTable.Read(Encoding.UTF8.GetBytes(text), problems);
        Assert.Empty(problems.Problems);
        return units.ToDictionary(unit => unit.Key, unit => Encoding.ASCII.GetString(unit.Value));
    }
}
