using System.Text;
using Sluice.Agent;
using Sluice.Agent.Binding;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Fast.Validity;
using Sluice.Plant.Identities;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Wiping;
using Xunit;

namespace Sluice.Fast.Enrolment.Chips;

/// <summary>The verbs of a gateway whose keys are in its TPM, with the CA of the laptop.</summary>
public sealed class Identity_in_a_TPM
{
    [Fact]
    public async Task From_init_to_a_wipe_the_key_is_in_the_TPM_and_no_file_holds_it()
    {
        await using var gateway = new EnrolledGateway
        {
            Machine = new MachineFacts("b", "c"), Tpm = "2.0", IsKeyInTpm = true, Chip = new SimulatedTpm(),
        };
        var made = new Enrol(gateway.Context).Init(anew: false);
        Assert.Equal("this board's TPM 2.0 at 0x81534C00", made.KeyProtection);
        Assert.EndsWith("in this board's TPM 2.0 at 0x81534C00.", made.Sentence, StringComparison.Ordinal);
        Assert.Single(gateway.Chip.Places);

        for (var version = 1; version <= 3; version++)
        {
            gateway.BringBundle();
            Assert.True(gateway.Import().Worked);
            Assert.True(new Adopt(gateway.Context).Activate(unverified: true).Worked);
            Assert.Equal(version == 1 ? 1 : 2, gateway.Chip.Places.Count);
        }

        using (var identity = gateway.Context.Load(IdentityDirectory.Current).Identity)
        {
            Assert.True(identity!.Leaf.HasPrivateKey);
        }

        Assert.True(new Adopt(gateway.Context).Rollback().Worked);
        var status = new Adopt(gateway.Context).Status();
        Assert.True(status.Worked);
        Assert.Matches("^this board's TPM 2.0 at 0x81534C0[01]$", status.KeyProtection);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(gateway.IdentityPath, "*.pem", SearchOption.AllDirectories),
            file => File.ReadAllText(file) is var text && (text.Contains("PRIVATE KEY", StringComparison.Ordinal)
                || text.Contains("TPM SEED", StringComparison.Ordinal)));

        var wiped = await new Wipe(gateway.Context, [], [], 0).RunAsync(null, CancellationToken.None);
        Assert.True(wiped.Worked, wiped.Sentence);
        Assert.Contains(
            wiped.Steps!, step => step is { Name: "keys in the TPM", Passed: true, Verdict: "2 let go of" });
        Assert.Empty(gateway.Chip.Places);
        var envelope = BundleEnvelope.Open(EnvelopeKind.Receipt, gateway.Context.Store.ReadWiped()!, out _)!;
        Assert.True(envelope.IsSignedBySigner());
        Assert.Equal(2, WipeReceipt.Read(envelope.Payload)!.TpmKeys);
    }

    [Fact]
    public async Task A_wipe_whose_TPM_is_silent_hands_out_no_receipt_and_goes_on_later()
    {
        await using var gateway = await InUseAsync();
        var handedOut = 0;
        var context = gateway.Context;
        var report = await new Wipe(context, [new WipeTarget("buffer", _ => Silence(gateway))], [], 0)
            .RunAsync(_ => $"{handedOut++}", CancellationToken.None);
        Assert.False(report.Worked);
        Assert.Contains("The wipe is not at its end: keys in the TPM", report.Sentence, StringComparison.Ordinal);
        Assert.Equal(0, handedOut);

        gateway.Chip.IsMissing = false;
        Assert.True((await new Wipe(gateway.Context, [], [], 0).RunAsync(
            _ => { handedOut++; return null; }, CancellationToken.None)).Worked);
        Assert.Equal((1, 0), (handedOut, gateway.Chip.Places.Count));

        static Task<string?> Silence(EnrolledGateway gateway)
        {
            gateway.Chip.IsMissing = true;
            return Task.FromResult<string?>(null);
        }
    }

    [Fact]
    public async Task A_copied_card_finds_no_key_in_another_boards_TPM_and_says_so()
    {
        await using var gateway = await InUseAsync();
        var original = gateway.Chip;
        gateway.Chip = new SimulatedTpm();

        var loaded = gateway.Context.Load(IdentityDirectory.Current);
        Assert.Null(loaded.Identity);
        Assert.Contains(loaded.Problems, problem => problem.Blocks && problem.Sentence.Contains(
            "the card is a copy from another gateway, or the TPM was cleared", StringComparison.Ordinal));
        using var known = gateway.Context.Look(IdentityDirectory.Current).Identity;
        Assert.False(known!.Leaf.HasPrivateKey);
        Assert.Single(original.Places);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Without_a_TPM_or_its_provider_no_key_is_made_in_a_file_either(bool isMissing, bool hasNoProvider)
    {
        await using var gateway = new EnrolledGateway
        {
            IsKeyInTpm = true, Chip = new SimulatedTpm { IsMissing = isMissing, HasNoProvider = hasNoProvider },
        };

        var fault = Assert.Throws<TpmException>(() => new Enrol(gateway.Context).Init(anew: false));

        Assert.Contains("there", fault.Happened, StringComparison.Ordinal);
        Assert.Empty(gateway.Chip.Places);
        Assert.Null(gateway.Context.Store.ReadPending());
        Assert.Contains(gateway.Context.Audit.Newest(5), line => line is { Verb: "init", Result: "failed" });
    }

    [Fact]
    public async Task A_gateway_goes_back_to_a_file_with_its_next_key_and_lets_go_of_those_in_the_TPM()
    {
        await using var gateway = await InUseAsync();
        gateway.IsKeyInTpm = false;
        Assert.Contains("The key in use is in the TPM; the next one is made in a file, as the configuration says.",
            new Adopt(gateway.Context).Status().Notes!);
        for (var version = 2; version <= 3; version++)
        {
            gateway.BringBundle();
            Assert.True(gateway.Import().Worked);
            Assert.True(new Adopt(gateway.Context).Activate(unverified: true).Worked);
            Assert.Equal(version == 2 ? 1 : 0, gateway.Chip.Places.Count);
        }

        Assert.StartsWith("-----BEGIN PRIVATE KEY", Encoding.ASCII.GetString(
            gateway.Context.Store.ReadFile(gateway.Context.Store.Look().Active!, IdentityDirectory.KeyFile)!),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_says_beforehand_where_there_is_no_TPM()
    {
        Assert.Null(HostChecks.TpmProblem(new SimulatedTpm()));
        var problem = HostChecks.TpmProblem(new SimulatedTpm { IsMissing = true })!;
        Assert.False(problem.IsError);
        Assert.Contains("there is no TPM: identity init and a renewal make no key", problem.ToString(),
            StringComparison.Ordinal);
    }

    private static Task<EnrolledGateway> InUseAsync()
    {
        var gateway = new EnrolledGateway { IsKeyInTpm = true, Chip = new SimulatedTpm() };
        gateway.BringBundle();
        Assert.True(gateway.Import().Worked);
        Assert.True(new Adopt(gateway.Context).Activate(unverified: true).Worked);
        return Task.FromResult(gateway);
    }
}
