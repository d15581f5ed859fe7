using System.Buffers;
using System.Text;
using Sluice.Mes;
using Sluice.Mes.Schemas;

namespace Sluice.Fast.Mes;

/// <summary>Messages of a gateway as they stand in the contract, for tests of the receiver.</summary>
internal static class Spoken
{
    public const string Gateway = "gw-042";
    public const string Store = "0199c6f1000070008000000000000001";
    public const string Run = "0199c6f1222270008000000000000009";

    public static string Reading(long position, string value, string signal = "a/b", int second = 0) =>
        $$"""{"p":{{position}},"s":"{{signal}}","t":"2026-11-22T14:00:{{second:00}}.000Z","v":{{value}}}""";

    public static MesMessage Data(bool historical, params string[] readings) => DataOf(Store, historical, readings);

    public static MesMessage DataOf(string store, bool historical, params string[] readings) => Message("data", $$"""
        {"v":1,"gateway":"gw-042","store":"{{store}}","historical":{{(historical ? "true" : "false")}},
         "sent":"2026-11-22T14:00:01.250Z","readings":[{{string.Join(',', readings)}}]}
        """);

    public static MesMessage Ledger(
        long number, long first, long next, string acknowledged = "", long waiting = 0, long dropped = 0,
        string drops = "") => Message("ledger", $$"""
        {"v":1,"gateway":"gw-042","run":"{{Run}}","number":{{number}},"sent":"2026-11-22T14:00:01.250Z",
         "waiting":{{waiting}},"stores":[{"store":"{{Store}}","volatile":false,"first":{{first}},"next":{{next}},
         "acknowledged":[{{acknowledged}}],"waiting":{{waiting}},"dropped":{{dropped}},"drops":[{{drops}}]}]}
        """);

    public static MesMessage Birth(string last) =>
        BirthOf($$"""{"s":"a/b","source":"a","type":"uint32","last":{{last}}}""");

    /// <summary>A birth of one signal, and of one that is retired.</summary>
    public static MesMessage BirthOf(string signal, string retired = "") => Message("birth", $$"""
        {"v":1,"gateway":"gw-042","site":"plant1","run":"{{Run}}","agent":"0.1.0","config":"{{new string('a', 64)}}",
         "sent":"2026-11-22T14:00:01.250Z","storage":"disk","stores":[{"store":"{{Store}}","volatile":false}],
         "signals":[{{signal}}]{{(retired.Length == 0 ? "" : $",\"retired\":[{retired}]")}}}
        """);

    public static MesMessage Posture(string sent, int listeners, string run = Run) => Message("posture", $$"""
        {"v":1,"gateway":"gw-042","site":"plant1","run":"{{run}}","sent":"{{sent}}","software":{"agent":"0.1.0",
         "runtime":".NET 10","platform":"linux-arm64","system":"Debian","kernel":"6.1"},"components":{"count":1,
         "hash":"{{new string('c', 64)}}"},"config":"{{new string('a', 64)}}","listeners":{{listeners}},
         "disk":{"storage":"disk","bufferBytes":1,"bufferBytesMax":2} }
        """);

    public static MesMessage Message(string kind, string json) =>
        new($"sluice/v1/plant1/{Gateway}/{kind}", new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json)))
        {
            Retained = kind != "data",
            ContentType = "application/json",
            Contract = "1",
        };
}
