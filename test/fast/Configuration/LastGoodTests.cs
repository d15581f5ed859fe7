using System.Text;
using Sluice.Agent.Configuration;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class LastGoodTests : IDisposable
{
    private readonly DirectoryInfo state = Directory.CreateTempSubdirectory("sluice-last-good-");

    private LastGoodStore Store => new(state.FullName);

    public void Dispose() => state.Delete(recursive: true);

    [Fact]
    public void Nothing_was_kept_yet() => Assert.Null(Store.Load());

    [Fact]
    public void What_was_kept_is_read_back_whole()
    {
        var files = Files("gw-001", "lists/deep/hmi1.csv");

        Assert.Null(Store.Keep(files));

        var loaded = Store.Load()!;
        Assert.Empty(loaded.Problems);
        Assert.Equal("gw-001", loaded.Configuration!.Gateway.Id);
        Assert.Equal(files.Hash(), loaded.Configuration.Hash);
    }

    [Fact]
    public void A_crash_between_any_two_steps_leaves_the_old_one_or_the_new_one()
    {
        var old = Files("gw-old");
        var next = Files("gw-new");
        var steps = Steps(next);
        Assert.True(steps > 4);
        for (var crash = 0; crash <= steps; crash++)
        {
            using var scene = new LastGoodTests();
            Assert.Null(scene.Store.Keep(old));
            foreach (var _ in scene.Store.Steps(next).Take(crash))
            {
                // The crash is the enumeration that is not gone on with.
            }

            var found = scene.Store.Load()!.Configuration!.Hash;
            Assert.Contains(found, (string[])[old.Hash(), next.Hash()]);

            // And the next start can keep again, and leaves one copy behind.
            Assert.Null(scene.Store.Keep(next));
            Assert.Equal(next.Hash(), scene.Store.Load()!.Configuration!.Hash);
            Assert.Single(scene.state.GetDirectories("last-good")[0].GetDirectories());
        }
    }

    [Fact]
    public void Keeping_the_same_again_writes_nothing()
    {
        Store.Keep(Files("gw-001"));
        Assert.Empty(Store.Steps(Files("gw-001")));
    }

    [Fact]
    public void A_copy_that_was_changed_afterwards_is_not_used()
    {
        var files = Files("gw-001");
        Store.Keep(files);
        File.AppendAllText(Path.Combine(state.FullName, "last-good", files.Hash(), "gateway.json"), "// harmless");

        Assert.Null(Store.Load());

        Assert.Null(Store.Keep(files));
        Assert.NotNull(Store.Load()!.Configuration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc")]
    [InlineData("not a hash")]
    public void A_pointer_that_is_damaged_points_nowhere(string pointer)
    {
        Store.Keep(Files("gw-001"));
        File.WriteAllText(Path.Combine(state.FullName, "last-good", "current"), pointer);
        Assert.Null(Store.Load());
    }

    [Fact]
    public void A_state_directory_that_cannot_be_written_is_a_warning_and_no_stop()
    {
        // A file in its place: root, who runs tests in containers, may write everywhere else.
        var file = Path.Combine(state.FullName, "file");
        File.WriteAllText(file, "");

        var problem = new LastGoodStore(Path.Combine(file, "state")).Keep(Files("gw-001"))!;

        Assert.False(problem.IsError);
        Assert.Contains("it runs", problem.Sentence, StringComparison.Ordinal);
        Assert.Null(new LastGoodStore(Path.Combine(file, "state")).Load());
    }

    [Fact]
    public void The_hash_depends_on_every_byte_and_name()
    {
        ConfigurationFiles[] all = [Files("a"), Files("b"), Files("a", "x.csv"), Files("a") with { Lists = [] }];
        Assert.Equal(all.Length, all.Select(files => files.Hash()).Distinct().Count());
        Assert.Equal(Files("a").Hash(), Files("a").Hash());
    }

    private static int Steps(ConfigurationFiles files)
    {
        using var scene = new LastGoodTests();
        scene.Store.Keep(Files("gw-old"));
        return scene.Store.Steps(files).Count();
    }

    private static ConfigurationFiles Files(string gatewayId, string list = "hmi1.csv") => new()
    {
        Gateway = Encoding.UTF8.GetBytes(MemoryFolder.Gateway
            .Replace("gw-042", gatewayId, StringComparison.Ordinal)
            .Replace("hmi1.csv", list, StringComparison.Ordinal)),
        Lists = [KeyValuePair.Create<string, ReadOnlyMemory<byte>>(list, Encoding.UTF8.GetBytes(MemoryFolder.List))],
    };
}
