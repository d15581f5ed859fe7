using System.Text.Json;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Container;

/// <summary>
/// The image of Dockerfile.arm64, built by buildah on a base of Debian packages: no registry, no container engine. All
/// that is made lies in the test's own directory.
/// </summary>
internal sealed class ContainerImage
{
    private const string Base = "localhost/gateway-base:bookworm-arm64";
    private const string Name = "localhost/sluice-agent";

    private static readonly string Repository = FieldDirectory.Repository();

    private readonly string[] storage;

    private ContainerImage(FieldDirectory directory) => storage =
    [
        "--root", directory.At("images"), "--runroot", directory.At("images-run"), "--storage-driver", "vfs",
    ];

    /// <summary>Its root, as a container that was just made from it has it.</summary>
    public string Root { get; private set; } = "";

    public string User { get; private set; } = "";

    /// <summary>NAME=value.</summary>
    public string[] Environment { get; private set; } = [];

    /// <summary>Entry point and command.</summary>
    public string[] Command { get; private set; } = [];

    /// <summary>What an engine calls to know whether the container is well.</summary>
    public string[] HealthCheck { get; private set; } = [];

    public static async Task<ContainerImage> BuildAsync(FieldDirectory directory)
    {
        var image = new ContainerImage(directory);
        var scratch = await image.BuildahAsync("from", "scratch");
        await image.BuildahAsync("add", "--quiet", scratch, Path.Combine(Repository, ".cache", "arm64-root"), "/");
        await image.BuildahAsync("config", "--arch", "arm64", "--os", "linux", scratch);
        await image.BuildahAsync("commit", "--quiet", scratch, Base);

        // The format of docker's own: the other one knows no health check.
        await image.BuildahAsync(
            "bud", "--isolation", "chroot", "--arch", "arm64", "--pull-never", "--format", "docker", "--build-arg",
            $"BASE_IMAGE={Base}", "-f", Path.Combine(Repository, "Dockerfile.arm64"), "-t", Name, Repository);
        using var inspected = JsonDocument.Parse(await image.BuildahAsync("inspect", "--type", "image", Name));
        var config = inspected.RootElement.GetProperty("Docker").GetProperty("config");
        image.User = config.GetProperty(nameof(User)).GetString()!;
        image.Environment = Strings(config, "Env");
        image.Command = [.. Strings(config, "Entrypoint"), .. Strings(config, "Cmd")];
        string[] health = Strings(config.GetProperty("Healthcheck"), "Test");
        Assert.Equal("CMD", health[0]);
        image.HealthCheck = health[1..];
        await image.BuildahAsync("from", "--arch", "arm64", "--pull-never", "--name", "gateway", Name);
        image.Root = await image.BuildahAsync("mount", "gateway");
        return image;
    }

    /// <summary>Program and arguments that run this in a container of the image.</summary>
    public string[] Inside(string config, string state, string run, string[] command) =>
    [
        "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", .. Environment,
        Path.Combine(Repository, "test", "field", "Container", "run-in-image.sh"), Root, User, config, state, run,
        .. command,
    ];

    private async Task<string> BuildahAsync(params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync("/usr/bin/buildah", [.. storage, .. arguments]);
        Assert.True(code == 0, $"buildah {string.Join(' ', arguments)}\n{said}");
        return said.Trim();
    }

    private static string[] Strings(JsonElement config, string name) =>
        config.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(each => each.GetString()!)]
            : [];
}
