namespace Sluice.Field.Parts;

/// <summary>
/// Another machine, as far as a program can tell: in a mount namespace of its own, the kernel's files say another board
/// and another storage. The program reads the same paths as ever.
/// </summary>
internal static class OtherMachine
{
    private const string Script = """
        board=$1 storage=$2 directory=$3; shift 3
        device=$(findmnt --noheadings --output MAJ:MIN --target "$directory" | tr -d ' ')
        mount -t tmpfs none /sys/class && mkdir -p /sys/class/dmi/id && echo "$board" >/sys/class/dmi/id/product_serial
        mount -t tmpfs none /sys/dev && mkdir -p "/sys/dev/block/$device"
        echo "$storage" >"/sys/dev/block/$device/serial"
        if [ -e /proc/device-tree/serial-number ]; then
          mount --bind /sys/class/dmi/id/product_serial /proc/device-tree/serial-number
        fi
        exec "$@"
        """;

    /// <summary>What stands before a program that is to run there.</summary>
    /// <param name="board">Its serial number.</param>
    /// <param name="storage">The number of the card under the directory.</param>
    /// <param name="directory">What lies on it.</param>
    public static string[] With(string board, string storage, string directory) =>
        ["/usr/bin/unshare", "--mount", "/bin/sh", "-ec", Script, "machine", board, storage, directory];
}
