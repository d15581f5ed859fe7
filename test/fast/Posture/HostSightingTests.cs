using System.Net;
using System.Net.Sockets;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Posture;
using Sluice.Fast.Health;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Audit;
using Xunit;

namespace Sluice.Fast.Posture;

/// <summary>What is counted and asked on the machine itself.</summary>
public sealed class HostSightingTests
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp, 0, 1)]
    [InlineData(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp, 0, 1)]
    [InlineData(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp, 1, 1)]
    [InlineData(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified, 0, 0)]
    [InlineData(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified, 0, 0)]
    public void A_socket_is_counted_from_when_the_network_can_reach_it(
        AddressFamily family, SocketType type, ProtocolType protocol, int open, int bound)
    {
        using var socket = new Socket(family, type, protocol);
        var descriptor = (int)socket.Handle;
        Assert.Equal(open, OwnSockets.Listeners([descriptor]));
        if (family != AddressFamily.Unix)
        {
            var any = family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
            socket.Bind(new IPEndPoint(any, 0));
        }

        if (type == SocketType.Stream && family != AddressFamily.Unix)
        {
            socket.Listen();
        }

        Assert.Equal(bound, OwnSockets.Listeners([descriptor]));
        Assert.True(OwnSockets.Listeners() >= bound);
    }

    [Fact]
    public void A_connection_out_is_none_and_neither_is_a_file()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        caller.Connect(listener.LocalEndPoint!);
        using var file = File.OpenRead("/proc/self/stat");
        Assert.Equal(0, OwnSockets.Listeners(
            [(int)caller.Handle, (int)file.SafeFileHandle.DangerousGetHandle(), 1_000_000]));
    }

    [Fact]
    public async Task The_host_is_looked_at_at_once_and_every_minute_after_that()
    {
        var clock = new HandTimers();
        var seen = 0;
        HostSighting? last = null;
        var audit = new AuditLog(new SimulatedIdentityDisk());
        audit.Append(new AuditEntry(
            DateTimeOffset.UnixEpoch, "set", "anna", "none", "status", "done", "", "", "Nothing special."));
        using var loop = new PostureLoop(
            Path.GetTempPath(),
            sighting =>
            {
                last = sighting;
                Interlocked.Increment(ref seen);
            },
            clock, audit, () => new EgressFacts(JailStanding.None, null));
        await loop.StartAsync(CancellationToken.None);
        for (var turn = 1; turn <= 3; turn++)
        {
            var minute = await clock.NextAsync();
            Assert.InRange(minute - PostureLoop.LookEvery, TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
            Assert.Equal(turn, seen);
            clock.Advance(minute);
        }

        Assert.Equal(PostureLoop.LookEvery, (await clock.NextAsync()) - TimeSpan.FromMilliseconds(1));
        loop.Look();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        while (Volatile.Read(ref seen) < 5)
        {
            bound.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await loop.StopAsync(CancellationToken.None);
        Assert.InRange(last!.Disk!.Value.FreeBytes, 0, last.Disk.Value.SizeBytes);
        Assert.NotNull(last.Listeners);
        Assert.Equal(audit.Head, $"{last.Audit!.Line} {last.Audit.Hash}");
    }

    [Fact]
    public void A_directory_that_is_not_there_has_no_space_and_breaks_nothing() =>
        Assert.Null(PostureLoop.Space("/nowhere/at/all"));
}
