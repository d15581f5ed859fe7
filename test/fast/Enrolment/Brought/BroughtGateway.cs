using System.Text;
using Sluice.Agent.CommandLine.Enrolment;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Brought;
using Sluice.Agent.Enrolment;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Verbs;

namespace Sluice.Fast.Enrolment.Brought;

/// <summary>A gateway with files of its own, and bundles that bring others.</summary>
internal sealed class BroughtGateway : IDisposable
{
    private readonly BundleBench bench;

    public BroughtGateway(BundleBench bench)
    {
        this.bench = bench;
        Lay("one");
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("sluice-brought-").FullName;

    public string File => Path.Combine(Directory, "gateway.json");

    public string Identity => Path.Combine(Directory, "identity");

    /// <summary>The signals that would be read.</summary>
    public IEnumerable<string> Signals => InForce.Loaded.Configuration!.Sources
        .SelectMany(source => source.Signals).Select(each => each.Signal.Name["plc/".Length..]);

    public ConfigurationInForce InForce => ConfigurationInForce.Load(File);

    /// <summary>The gateway's own files, as a person lays them.</summary>
    public void Lay(params string[] signals)
    {
        System.IO.File.WriteAllText(File, Json());
        System.IO.File.WriteAllText(Path.Combine(Directory, "list.csv"), List(signals));
    }

    public static string List(params string[] signals) =>
        "signal,address,type\n" + string.Concat(signals.Select((name, at) => $"{name},holding:{at},uint16\n"));

    public string Json(string list = "list.csv", string address = "192.0.2.20", string? replaced = null, string by = "")
    {
        var text = $$"""
            {
              // a comment, and a comma too many
              "gateway": { "site": "plant1", "id": "gw-042" },
              "broker": {
                "host": "mes-broker.dmz.plant1", "addresses": ["192.0.2.10"], "network": "192.0.2.8/29",
              },
              "time": { "clock": "trusted" },
              "identity": { "directory": "{{Identity}}" },
              "buffer": { "directory": "{{Path.Combine(Directory, "buffer")}}" },
              "sources": {
                "plc": { "kind": "modbus-tcp", "address": "{{address}}", "unitId": 1, "every": "1 s",
                         "signals": "{{list}}" },
              },
            }
            """;
        return replaced is null ? text : text.Replace(replaced, by, StringComparison.Ordinal);
    }

    public BundleConfiguration Brought(params string[] signals) => Brought(Json(), ("list.csv", List(signals)));

    public static BundleConfiguration Brought(string json, params (string Name, string Text)[] lists) => new(
        Encoding.UTF8.GetBytes(json),
        [.. lists.Select(each => KeyValuePair.Create(
            each.Name, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(each.Text)))]);

    public byte[] Bundle(int version, BundleConfiguration? configuration) => bench.Resign(
        BundleBench.ContentOf(bench.First) with { Version = version, Configuration = configuration });

    public Task<VerbReport> TakeAsync(int version, BundleConfiguration? configuration) => DoAsync(context =>
    {
        if (context.Store.Look() is { Active: null, HasRequest: false })
        {
            context.Store.KeepPending(bench.KeyAndRequest);
        }

        return new Enrol(context).Take("gw-042.bundle", Bundle(version, configuration), _ => true);
    });

    /// <summary>Taken in and put into use.</summary>
    public async Task UseAsync(int version, BundleConfiguration? configuration)
    {
        var taken = await TakeAsync(version, configuration);
        Xunit.Assert.True(taken.Worked, $"{taken.Sentence} {string.Join('\n', taken.Notes ?? [])}");
        var used = await DoAsync(context => new Adopt(context).Activate(unverified: true));
        Xunit.Assert.True(used.Worked, used.Sentence);
    }

    public Task<VerbReport> DoAsync(Func<EnrolmentContext, VerbReport> act) => IdentityVerb.ReportAsync(
        File, TimeProvider.System, new EnrolmentUser("sluice", "a test"), "test",
        context => Task.FromResult(act(context)));

    public string Snapshot() => string.Join('\n', new DirectoryInfo(Directory)
        .EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        .Where(entry => !entry.FullName.Contains("/audit", StringComparison.Ordinal))
        .OrderBy(entry => entry.FullName, StringComparer.Ordinal)
        .Select(entry => $"{entry.FullName} {entry.LinkTarget} {(entry is FileInfo { LinkTarget: null } file
            ? Convert.ToHexString(System.IO.File.ReadAllBytes(file.FullName)) : "")}"));

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
