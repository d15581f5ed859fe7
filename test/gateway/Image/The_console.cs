using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Image;

/// <summary>A flashed gateway's serial line, as somebody with a cable has it.</summary>
[Trait("suite", "all")]
public sealed class The_console : FlashedBench
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(120);


    [Fact]
    public async Task Says_nothing_to_anybody_until_a_token_of_the_plant_opens_a_menu_and_shuts_again()
    {
        await Plant.ProvisionAsync(Gateway, Home);
        await Plant.ReadsOnAsync(Gateway);
        using var cable = await Gateway.CableAsync();
        await TypeAsync(cable, "", "root", "1");
        using (var silence = new CancellationTokenSource(TimeSpan.FromSeconds(10)))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cable.ReadLineAsync(silence.Token));
        }

        await OpenAsync("J. Doe");
        var opened = await UntilAsync(cable, "Close the console");
        Assert.Contains(opened, line => line.Contains("open for J. Doe, for 30 minutes", StringComparison.Ordinal));
        await TypeAsync(cable, "sh", "1");
        var said = await UntilAsync(cable, "panel/count");
        Assert.Contains(said, line => line.Contains("That is none of them.", StringComparison.Ordinal));
        Assert.Contains(said, line => line.Contains("Uplink", StringComparison.Ordinal)
            && line.Contains("connected", StringComparison.Ordinal));
        await UntilAsync(cable, "Close the console");
        await TypeAsync(cable, "9");
        Assert.Contains(await UntilAsync(cable, "Close the console"), line =>
            line.Contains("status ended with 0", StringComparison.Ordinal)
            && line.Contains("J. Doe", StringComparison.Ordinal));
        await TypeAsync(cable, "0");
        await UntilAsync(cable, "The console is shut.");
        await Plant.ReadsOnAsync(Gateway);
    }

    /// <summary>The plant's CA writes a token onto a stick; the technician plugs it in.</summary>
    private async Task OpenAsync(string person)
    {
        var stick = await new FatStick(Home).MakeAsync();
        await stick.InAsync("laptop", folder => Plant.Ca.JsonAsync(
            "console", GuestAgent.Id, "--for", person, "--out", folder, "--passphrase-file", Plant.Ca.PassphraseFile));
        var report = await Gateway.StickAsync(stick, $"{GuestAgent.Id}.report.txt", "End of this report.");
        Assert.Contains($"The console opens for {person}", report);
    }

    private static async Task TypeAsync(Wire cable, params string[] lines)
    {
        using var limit = new CancellationTokenSource(AnswerMax);
        foreach (var line in lines)
        {
            await cable.WriteLineAsync(line, limit.Token);
        }
    }

    private static async Task<List<string>> UntilAsync(Wire cable, string words)
    {
        var lines = new List<string>();
        using var limit = new CancellationTokenSource(AnswerMax);
        try
        {
            do
            {
                lines.Add(await cable.ReadLineAsync(limit.Token) ?? throw new IOException("QEMU hung up."));
            }
            while (!lines[^1].Contains(words, StringComparison.Ordinal));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The console never said '{words}', but:\n{Printable.Of(string.Join('\n', lines))}");
        }

        return lines;
    }
}
