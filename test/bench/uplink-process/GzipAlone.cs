using System.Globalization;
using System.IO.Compression;

namespace Sluice.UplinkProcess;

/// <summary>What gzip as the agent uses it makes of plain payloads, and what of a processor it takes.</summary>
internal static class GzipAlone
{
    public static void Print(IReadOnlyList<byte[]> payloads, TextWriter output, TimeProvider clock)
    {
        using var small = new MemoryStream();
        var (plain, packed) = (0L, 0L);
        var before = Environment.CpuUsage.TotalTime;
        var began = clock.GetTimestamp();
        foreach (var payload in payloads)
        {
            small.SetLength(0);
            using (var gzip = new GZipStream(small, CompressionLevel.Fastest, leaveOpen: true))
            {
                gzip.Write(payload);
            }

            plain += payload.Length;
            packed += small.Length;
        }

        var took = clock.GetElapsedTime(began);
        var processor = Environment.CpuUsage.TotalTime - before;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"plain={plain}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"packed={packed}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seconds={took.TotalSeconds}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cpu={processor.TotalSeconds}"));
        output.WriteLine("done=1");
    }
}
