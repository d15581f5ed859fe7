using Xunit;

namespace Sluice.Fast.Repository;

/// <summary>The rules of CONTRIBUTING.md, held against the tree that this test was built from.</summary>
public sealed class The_repository
{
    [Fact]
    public void Knows_in_one_direction_only() => Holds(ProjectRules.Direction);

    [Fact]
    public void Keeps_package_versions_in_one_place() => Holds(ProjectRules.Versions);

    [Fact]
    public void Gives_the_hal_one_package_and_no_other() => Holds(ProjectRules.HalStandsAlone);

    [Fact]
    public void Builds_and_locks_every_project() => Holds(ProjectRules.Listed);

    [Fact]
    public void Lets_one_folder_know_the_store() => Holds(OwnershipRules.Store);

    [Fact]
    public void Lets_one_folder_know_the_broker_client() => Holds(OwnershipRules.Broker);

    [Fact]
    public void Makes_sockets_in_named_places_only() => Holds(OwnershipRules.Sockets);

    [Fact]
    public void Lets_one_folder_know_the_gpio_package() => Holds(OwnershipRules.Gpio);

    [Fact]
    public void Drives_no_line_but_that_of_the_light() => Holds(OwnershipRules.DrivenLines);

    [Fact]
    public void Asks_for_the_wall_clock_only_to_stamp() => Holds(OwnershipRules.WallClock);

    [Fact]
    public void Wires_in_one_place() => Holds(OwnershipRules.Wiring);

    [Fact]
    public void Names_its_folders_after_what_they_do() => Holds(OwnershipRules.Folders);

    [Fact]
    public void Has_no_long_file() => Holds(SizeRules.Files);

    [Fact]
    public void Has_no_long_line() => Holds(SizeRules.Lines);

    [Fact]
    public void Has_no_long_method() => Holds(SizeRules.Methods);

    [Fact]
    public void Gives_every_log_message_an_id_of_its_own() => Holds(LogRules.Check);

    [Fact]
    public void Skips_no_test() => Holds(HonestyRules.Skipped);

    [Fact]
    public void Leaves_nothing_open() => Holds(HonestyRules.LeftOpen);

    [Fact]
    public void Says_why_where_it_suppresses() => Holds(HonestyRules.Suppressions);

    [Fact]
    public void Names_its_tests_in_sentences() => Holds(HonestyRules.TestNames);

    [Fact]
    public void Holds_no_path_of_a_machine() => Holds(HonestyRules.MachinePaths);

    [Fact]
    public void Is_text() => Holds(HonestyRules.Binaries);

    [Fact]
    public void Holds_no_symbolic_link() => Holds(HonestyRules.SymbolicLinks);

    [Fact]
    public void Holds_no_key() => Holds(HonestyRules.Keys);

    [Fact]
    public void Lists_every_decision() => Holds(DocumentRules.Decisions);

    [Fact]
    public void Has_no_dead_link() => Holds(DocumentRules.Links);

    private static void Holds(Func<RepositoryTree, IEnumerable<string>> rule)
    {
        var broken = rule(RepositoryTree.Here).ToList();
        Assert.True(broken.Count == 0, string.Join('\n', broken));
    }
}
