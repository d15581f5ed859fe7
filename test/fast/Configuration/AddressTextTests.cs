using System.Net;
using CsCheck;
using Sluice.Agent.Configuration;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class AddressTextTests
{
    [Theory]
    [InlineData("192.0.2.10")]
    [InlineData("127.0.0.1")]
    [InlineData("2001:db8::10")]
    [InlineData("2001:DB8:0:0:0:0:0:10")]
    [InlineData("::1")]
    public void An_address_is_read_as_written(string text)
    {
        Assert.True(AddressText.TryAddress(text, out var address, out _));
        Assert.Equal(IPAddress.Parse(text), address);
    }

    [Theory]
    [InlineData("192.0.2.10/32", "192.0.2.10")]
    [InlineData("192.0.2.0/28", "192.0.2.0")]
    [InlineData("2001:db8::/64", "2001:db8::")]
    [InlineData("10.0.0.0/8", "10.0.0.0")]
    public void A_network_is_read_as_written(string text, string start)
    {
        Assert.True(AddressText.TryNetwork(text, out var network, out _));
        Assert.Equal(IPAddress.Parse(start), network.BaseAddress);
    }

    [Theory]
    [InlineData("192.0.2.0/33")]
    [InlineData("192.0.2.0/-1")]
    [InlineData("192.0.2.0/")]
    [InlineData("/28")]
    [InlineData("192.0.2/24")]
    [InlineData("192.0.02.0/24")]
    [InlineData("mes-broker/28")]
    [InlineData("2001:db8::/129")]
    [InlineData("::ffff:192.0.2.0/124")]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    [InlineData("")]
    public void What_is_no_network_is_refused(string text)
    {
        Assert.False(AddressText.TryNetwork(text, out _, out var problem));
        Assert.Contains("write", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_network_that_is_offered_instead_is_the_right_one() =>
        Gen.Select(Gen.UInt[1u << 24, uint.MaxValue], Gen.Int[8, 32]).Sample((bits, length) =>
        {
            var address = new IPAddress(BitConverter.GetBytes(bits).Reverse().ToArray());
            if (AddressText.TryNetwork($"{address}/{length}", out var network, out var problem))
            {
                Assert.True(network.Contains(address));
                return;
            }

            var offered = problem.Split(' ').Single(word => word.EndsWith($"/{length}.", StringComparison.Ordinal));
            offered = offered.TrimEnd('.');
            Assert.True(AddressText.TryNetwork(offered, out network, out _));
            Assert.True(network.Contains(address));
        });
}
