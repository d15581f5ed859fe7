using Sluice.Agent;
using Sluice.Agent.Binding;
using Sluice.Agent.Enrolment;
using Sluice.Fast.Validity;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Verbs;
using Xunit;

namespace Sluice.Fast.Binding;

/// <summary>The verbs on a machine for which the identity was not made.</summary>
public sealed class Copied_identities
{
    private static readonly MachineFacts Own = new("board-1", "card-1");
    private static readonly MachineFacts Other = new("board-2", "card-2");

    [Fact]
    public async Task Init_binds_to_this_machine_and_the_log_says_so()
    {
        await using var gateway = new EnrolledGateway { Machine = Own };
        Assert.Equal(BindingState.Unbound, gateway.Context.Binding.Look());

        Assert.Equal(ExitCode.Fine, new Enrol(gateway.Context).Init(anew: false).ExitCode);

        Assert.Equal(Own, gateway.Context.Binding.Read()!.Machine);
        Assert.Contains(gateway.Context.Audit.Newest(10),
            line => line.Text == "The identity is bound to board board-1 with storage card-1.");
        Assert.Equal("this", new Adopt(gateway.Context).Status().Identity!.Machine);
    }

    [Fact]
    public async Task What_was_made_before_there_were_bindings_is_bound_by_the_next_import_or_activation()
    {
        await using var gateway = new EnrolledGateway();
        gateway.BringBundle();
        Assert.Null(gateway.Context.Binding.Read());
        gateway.Machine = Own;
        Assert.Equal(ExitCode.Fine, gateway.Import().ExitCode);
        Assert.Equal(Own, gateway.Context.Binding.Read()!.Machine);

        File.Delete(Path.Combine(gateway.IdentityPath, BindingRecord.FileName));
        Assert.Equal(ExitCode.Fine, new Adopt(gateway.Context).Activate(unverified: true).ExitCode);
        Assert.Equal(Own, gateway.Context.Binding.Read()!.Machine);
    }

    [Fact]
    public async Task On_another_machine_every_verb_that_would_use_the_copied_key_is_refused_in_words()
    {
        await using var gateway = new EnrolledGateway { Machine = Own };
        gateway.UseIdentity().Dispose();
        gateway.BringBundle();
        gateway.Machine = Other;
        var before = Directory.GetFiles(gateway.IdentityPath, "*.pem", SearchOption.AllDirectories);
        (string Name, Func<Task<VerbReport>> Run)[] verbs =
        [
            ("init", () => Task.FromResult(new Enrol(gateway.Context).Init(anew: false))),
            ("export", () => Task.FromResult(new Enrol(gateway.Context).Export(gateway.Stick))),
            ("import", () => Task.FromResult(gateway.Import())),
            ("activate", () => Task.FromResult(new Adopt(gateway.Context).Activate(unverified: true))),
            ("rollback", () => Task.FromResult(new Adopt(gateway.Context).Rollback())),
            ("crl", () => Task.FromResult(new NewerLists(gateway.Context).Take("/nowhere"))),
            ("verify", () => new Trial(gateway.Context, "/nowhere").RunStagedAsync(CancellationToken.None)),
            ("status", () => Task.FromResult(new Adopt(gateway.Context).Status())),
        ];
        foreach (var (name, run) in verbs)
        {
            var report = await run();
            Assert.Equal((name, ExitCode.Unclear, "OtherMachine"), (report.Verb, report.ExitCode, report.Refusal));
            Assert.Equal("This identity was made for board board-1 with storage card-1, and this is board board-2 with "
                + "storage card-2.", report.Sentence);
            Assert.Contains("take the connection from each other", report.Means, StringComparison.Ordinal);
            Assert.Contains("identity adopt", report.Do, StringComparison.Ordinal);
            Assert.Contains("replace", report.Do, StringComparison.Ordinal);
        }

        Assert.Equal(before, Directory.GetFiles(gateway.IdentityPath, "*.pem", SearchOption.AllDirectories));
        Assert.Equal(Own, gateway.Context.Binding.Read()!.Machine);
    }

    [Fact]
    public async Task Adopt_needs_a_person_renews_the_binding_and_keeps_the_key()
    {
        await using var gateway = new EnrolledGateway { Machine = Own };
        gateway.UseIdentity().Dispose();
        gateway.Context.Bind("import");
        gateway.Machine = Other;
        var key = File.ReadAllText(Path.Combine(gateway.IdentityPath, "current", "key.pem"));

        var refused = new Adoption(gateway.Context).Run((_, _) => false);
        Assert.Equal((ExitCode.Unclear, "NotConfirmed"), (refused.ExitCode, refused.Refusal));
        Assert.Equal(BindingState.Elsewhere, gateway.Context.Binding.Look());

        var report = new Adoption(gateway.Context).Run((was, here) => (was, here) == (Own, Other));

        Assert.Equal(ExitCode.Fine, report.ExitCode);
        Assert.Equal(Other, gateway.Context.Binding.Read()!.Machine);
        Assert.Equal(key, File.ReadAllText(Path.Combine(gateway.IdentityPath, "current", "key.pem")));
        Assert.Equal(["refused", "begun", "done"], gateway.Context.Audit.Newest(10)
            .Where(line => line.Verb == "adopt").OrderBy(line => line.At).Select(line => line.Result));
        Assert.Equal(ExitCode.Fine, new Adoption(gateway.Context).Run((_, _) => false).ExitCode);
        Assert.Empty(gateway.Context.Audit.Check(null).Problems);
    }

    [Fact]
    public async Task A_spare_with_a_copied_card_makes_a_key_of_its_own_and_the_copied_ones_are_gone()
    {
        await using var gateway = new EnrolledGateway { Machine = Own };
        gateway.UseIdentity().Dispose();
        gateway.BringBundle();
        var copied = new Enrol(gateway.Context).Pending()!.KeyFingerprint;
        gateway.Machine = Other;

        var report = new Enrol(gateway.Context).Init(anew: true);

        Assert.Equal(ExitCode.Fine, report.ExitCode);
        Assert.NotEqual(copied, report.KeyFingerprint);
        Assert.Equal(Other, gateway.Context.Binding.Read()!.Machine);
        Assert.Null(gateway.Context.Load(IdentityDirectory.Current).Identity);
        Assert.Empty(Directory.GetFiles(gateway.IdentityPath, "key.pem", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_machine_that_tells_nothing_is_bound_to_nothing_and_says_what_that_means()
    {
        await using var gateway = new EnrolledGateway();

        var report = new Enrol(gateway.Context).Init(anew: false);

        Assert.Null(gateway.Context.Binding.Read());
        Assert.Contains(report.Notes!, note => note.Contains("would not be noticed here", StringComparison.Ordinal));
        Assert.Equal("not bound", new Adopt(gateway.Context).Status().Identity!.Machine);
    }
}
