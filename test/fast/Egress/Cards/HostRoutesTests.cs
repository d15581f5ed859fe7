using System.Net;
using Sluice.Agent.Egress.Cards;
using Xunit;

namespace Sluice.Fast.Egress.Cards;

public sealed class HostRoutesTests
{
    /// <summary>As Linux writes it: a default route, the net of a card, one host of it by another card, one shut, one
    /// down.</summary>
    private const string Version4 =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n"
        + "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0   \n"
        + "wwan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0   \n"
        + "dmz0\t000013C6\t00000000\t0001\t0\t0\t0\tFCFFFFFF\t0\t0\t0   \n"
        + "ot0\t010013C6\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0   \n"
        + "*\t000000CB\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0   \n"
        + "eth9\t00000ACB\t00000000\t0000\t0\t0\t0\t00FFFFFF\t0\t0\t0   \n";

    private const string Version6 =
        "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
        + "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth1\n"
        + "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
        + "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";

    [Theory]
    [InlineData("198.19.0.2", "dmz0")]
    [InlineData("198.19.0.1", "ot0")]
    [InlineData("198.19.0.4", "eth0")]
    [InlineData("203.0.113.1", "eth0")]
    [InlineData("203.10.0.1", "eth0")]
    [InlineData("fd00::7", "eth1")]
    [InlineData("fd01::7", "")]
    public void The_longest_network_decides_and_then_the_smallest_metric(string address, string card) =>
        Assert.Equal(card, HostRoutes.CardTo(IPAddress.Parse(address), Version4, Version6));

    [Theory]
    [InlineData("")]
    [InlineData("Iface\tDestination\n\n\t\t\t\t\t\t\t\t\nx\tzz\t0\t1\t0\t0\t0\t0\n")]
    public void A_text_that_nobody_understands_leads_nowhere(string text) =>
        Assert.Equal("", HostRoutes.CardTo(IPAddress.Parse("192.0.2.1"), text, text));
}
