namespace Sluice.Field.Parts;

/// <summary>
/// A FAT stick as an image. The machine of the tests may have a kernel without FAT, so mtools carries what is on it to
/// a folder and back where a kernel would mount it; the virtual gateway mounts one for real.
/// </summary>
internal sealed class FatStick(FieldDirectory directory)
{
    /// <summary>All of it, as a machine gets it that it is plugged into.</summary>
    public string Image => directory.At("stick.img");

    /// <summary>A new one with its folder.</summary>
    public async Task<FatStick> MakeAsync(string size = "4M")
    {
        File.Delete(Image);
        await DoAsync("/usr/bin/truncate", "-s", size, Image);
        await DoAsync("/usr/bin/mformat", "-i", Image, "-v", "STICK", "::");
        await DoAsync("/usr/bin/mmd", "-i", Image, "::/sluice");
        return this;
    }

    /// <summary>Plugs it in, has something done with its content, and takes it out.</summary>
    public async Task InAsync(string where, Func<string, Task> act)
    {
        var mount = directory.At(where);
        Directory.CreateDirectory(mount);
        await DoAsync("/usr/bin/mcopy", "-i", Image, "-s", "-n", "-m", "::/sluice", mount);
        await act(mount);
        await DoAsync("/usr/bin/mdeltree", "-i", Image, "::/sluice");
        await DoAsync("/usr/bin/mcopy", "-i", Image, "-s", "-m", Path.Combine(mount, "sluice"), "::/");
        Directory.Delete(mount, recursive: true);
    }

    private static async Task DoAsync(string program, params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(program, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"{program} ended with {code}: {said}");
        }
    }
}
