using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Sluice.Agent.Egress.Cards;

/// <summary>
/// Looks at this machine's network cards, also from inside the jail: netlink, by which the class library asks, is shut
/// there, so IPv4 comes by the older ioctls (netdevice(7)) on a socket that is connected to nobody, and the rest out of
/// /proc and /sys. Called by <c>check</c> and by whoever connects to the broker. Throws nothing: what cannot be seen is
/// not there.
/// </summary>
internal static unsafe partial class HostCards
{
    private const int InternetFamily = 2;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;

    // linux/sockios.h
    private const nuint ListAddresses = 0x8912;
    private const nuint AskMask = 0x891B;

    private const int NameBytes = 16;
    private const int AddressesMax = 256;

    public static CardSight Look() => OperatingSystem.IsLinux()
        ? new CardSight(Names(), [.. Version4(), .. Version6(Text("/proc/net/if_inet6"))])
        {
            RouteTo = address => HostRoutes.CardTo(address, Text("/proc/net/route"), Text("/proc/net/ipv6_route")),
        }
        : CardSight.Nothing;

    private static string[] Names()
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries("/sys/class/net").Select(Path.GetFileName).Order()!];
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static List<CardAddress> Version4()
    {
        var found = new List<CardAddress>();
        var socket = MakeSocket(InternetFamily, Stream | CloseOnExec, 0);
        if (socket < 0)
        {
            return found;
        }

        var room = new CardRequest[AddressesMax];
        fixed (CardRequest* first = room)
        {
            var list = new CardList { Bytes = sizeof(CardRequest) * AddressesMax, First = first };
            var count = Control(socket, ListAddresses, &list) == 0 ? list.Bytes / sizeof(CardRequest) : 0;
            for (var i = 0; i < count; i++)
            {
                // Asked with the address still in it, the kernel tells the mask of that one and not of the first.
                var asked = first[i];
                if (Control(socket, AskMask, &asked) == 0)
                {
                    found.Add(new CardAddress(
                        NameOf(first[i]), new IPAddress(new ReadOnlySpan<byte>(first[i].Host, 4)),
                        System.Numerics.BitOperations.PopCount(*(uint*)asked.Host)));
                }
            }
        }

        _ = Close(socket);
        return found;
    }

    /// <summary>Address, index, length of the network, scope, flags, card; numbers in hexadecimal.</summary>
    private static IEnumerable<CardAddress> Version6(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 6 && fields[0].Length == 32
                && int.TryParse(fields[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length)
                && length <= 128)
            {
                yield return new CardAddress(fields[5], new IPAddress(Convert.FromHexString(fields[0])), length);
            }
        }
    }

    /// <summary>A second address may have a label behind a colon: the card is what stands before it.</summary>
    private static string NameOf(CardRequest request)
    {
        var name = Encoding.ASCII.GetString(new ReadOnlySpan<byte>(request.Name, NameBytes));
        return name[..name.IndexOfAny(['\0', ':'])];
    }

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>struct ifreq, with a sockaddr_in in it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CardRequest
    {
        public fixed byte Name[NameBytes];
        public ushort Family;
        public ushort Port;
        public fixed byte Host[4];
        public fixed byte Rest[16];
    }

    /// <summary>struct ifconf.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CardList
    {
        public int Bytes;
        public CardRequest* First;
    }

    [LibraryImport("libc", EntryPoint = "socket")]
    private static partial int MakeSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int socket, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
