using System.Security.Cryptography;
using System.Text;
using Sluice.Agent;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// A whole life of an identity, with everything going wrong that can, and then a search: no private key and no
/// passphrase, in whatever form, was printed, logged or written to the stick. And none is in a core dump.
/// </summary>
public sealed class No_secret_is_told
{
    /// <summary>The kernel's word about how a process ended: 1 where it left a core dump. The tests' own runtime does
    /// not tell.</summary>
    private const string Dumped = """
        import os, resource, signal, sys, time
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.chdir(sys.argv[1])
        child = os.spawnv(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
        time.sleep(2)
        os.kill(child, signal.SIGABRT)
        _, status = os.waitpid(child, 0)
        print('aborted' if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGABRT else 'not aborted',
              'with' if os.WCOREDUMP(status) else 'without', 'a core dump')
        """;

    [Fact]
    public async Task In_a_log_a_report_an_audit_line_or_on_the_stick()
    {
        await using var bench = await EnrolmentBench.MakeAsync();
        var secrets = new SecretSearch(bench.Ca.PassphraseFile, bench.Ca.RootPassphraseFile);
        await bench.Broker.StartAsync();
        var first = (await bench.FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        secrets.AddKey(bench.Directory.At("identity", "pending.pem"));
        await LiveAsync(bench, secrets, first);
        await StumbleAsync(bench);

        var audit = Directory.GetFiles(bench.Directory.At("identity", "audit"));
        var stick = Directory.GetFiles(bench.Stick, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(audit);
        Assert.NotEmpty(stick);
        var told = bench.Said.Concat(bench.Gateway.Process.Lines).Concat(bench.Broker.Process.Lines)
            .Select(Encoding.UTF8.GetBytes)
            .Concat(audit.Concat(stick).Select(File.ReadAllBytes));
        Assert.All(told, bytes => Assert.Equal("", secrets.FoundIn(bytes)));

        // It would be found: it stands where it belongs.
        var own = Directory.GetFiles(bench.Directory.At("identity", "versions"), "key.pem",
            SearchOption.AllDirectories);
        Assert.Equal(2, own.Length);
        Assert.NotEqual("", secrets.FoundIn(File.ReadAllBytes(own[0])));
    }

    [Fact]
    public async Task In_a_core_dump_because_none_is_written()
    {
        await using var bench = await EnrolmentBench.MakeAsync();
        var pipe = bench.Directory.At("asks");
        Assert.Equal(0, (await ChildProcess.RunAsync("/usr/bin/mkfifo", pipe)).Code);
        var cores = Directory.CreateDirectory(bench.Directory.At("cores")).FullName;
        async Task<string> AbortedAsync(params string[] program) =>
            (await ChildProcess.RunAsync("/usr/bin/python3", ["-c", Dumped, cores, .. program])).Text;

        var agent = await AbortedAsync(FieldGateway.Binary("linux-x64"), "run", "--config",
            bench.Gateway.ConfigurationFile, "--state", bench.Directory.At("state"), "--socket", bench.Gateway.Socket);
        var tool = await AbortedAsync(PlantCa.Binary, "sign", bench.Stick, "--ca", bench.Ca.Folder,
            "--passphrase-file", pipe);
        var other = await AbortedAsync("/bin/sleep", "60");

        Assert.EndsWith("aborted without a core dump", agent);
        Assert.EndsWith("aborted without a core dump", tool);
        Assert.EndsWith("aborted with a core dump", other);
    }

    /// <summary>Two identities, one after the other, and back.</summary>
    private static async Task LiveAsync(EnrolmentBench bench, SecretSearch secrets, string first)
    {
        await bench.FineAsync("export", bench.Stick);
        await bench.Ca.SignAsync(bench.Stick, first);
        await bench.FineAsync("import", bench.Stick, "--root-fingerprint", bench.Ca.Root);
        await bench.FineAsync("verify", "--socket", bench.Gateway.Socket);
        await bench.FineAsync("activate");
        bench.Gateway.Start();
        await bench.Gateway.Process.SaysAsync("Connected to the broker", FieldPlant.Soon);
        var second = (await bench.FineAsync("init", "--again")).GetProperty("keyFingerprint").GetString()!;
        secrets.AddKey(bench.Directory.At("identity", "pending.pem"));
        await bench.FineAsync("export", bench.Stick);
        await bench.ByHandAsync([PlantCa.Binary, "sign", bench.Stick, "--ca", bench.Ca.Folder],
            (second, "yes"), ("Passphrase", PlantCa.Passphrase));
        await bench.FineAsync("import", bench.Stick);
        await bench.FineAsync("verify", "--socket", bench.Gateway.Socket);
        await bench.FineAsync("activate");
        await bench.FineAsync("rollback");
        await bench.FineAsync("status");
        await bench.FineAsync("audit", "show");
        await bench.Gateway.StopAsync();
    }

    /// <summary>A wrong passphrase, a key that was damaged, a key of another one, a request that holds a key.</summary>
    private static async Task StumbleAsync(EnrolmentBench bench)
    {
        var wrong = bench.Directory.At("wrong");
        await File.WriteAllTextAsync(wrong, PlantCa.Passphrase + "r\n");
        foreach (var json in new string[][] { [], ["--json"] })
        {
            Assert.Equal(77, (await bench.ToolAsync(
                ["revoke", FieldGateway.Id, "--passphrase-file", wrong, .. json])).Code);
        }

        var key = bench.Directory.At("identity", "current", "key.pem");
        var whole = await File.ReadAllTextAsync(key);
        var half = whole.Length / 2;
        foreach (var bad in new[]
        {
            whole[..half], whole.Remove(half, 1), whole.Insert(half, "!"), whole.Replace("PRIVATE", "PUBLIC"),
            whole.Replace("-----BEGIN PRIVATE KEY-----", ""), whole.Insert(half, "\n\n-----"), whole + whole,
        })
        {
            await File.WriteAllTextAsync(key, bad);
            await bench.VerbAsync("status");
            await bench.VerbAsync("verify", "--active", "--json");
        }

        await bench.VerbAsync("rollback", "--json");
        await bench.VerbAsync("rollback");

        bench.Gateway.Start();
        await bench.Gateway.StatusSaysAsync("key", FieldPlant.Soon);
        await bench.Gateway.StopAsync();

        // Somebody put the key's own file where the request belongs.
        var request = Path.Combine(bench.Stick, "sluice", FieldGateway.Id + ".request.pem");
        var kept = await File.ReadAllTextAsync(request);
        await File.WriteAllTextAsync(request, whole);
        var (code, _) = await bench.ToolAsync("sign", bench.Stick, "--passphrase-file", bench.Ca.PassphraseFile);
        Assert.NotEqual(ExitCode.Fine, code);
        await bench.ToolAsync("request", "show", request, "--json");
        await File.WriteAllTextAsync(request, kept);
    }
}
