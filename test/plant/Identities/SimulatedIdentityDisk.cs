using Sluice.Provisioning.Store;

namespace Sluice.Plant.Identities;

/// <summary>The power went in the middle of something: not a fault that any code could handle.</summary>
public sealed class IdentityPowerLostException() : Exception("The power went.");

/// <summary>
/// An identity directory in memory. Each change of a folder's names stays unsynced until that very folder is synced,
/// and each file's bytes until they are; <see cref="AfterPowerCut"/> makes every disk that a power cut may leave: any
/// subset of the unsynced names of each folder, and of an unsynced file nothing, a part, or all of it.
/// <para>
/// Not <c>Plant.Disk.SimulatedDisk</c>: the buffer's directory is flat, has no links, and syncs its names all at once.
/// </para>
/// </summary>
public sealed class SimulatedIdentityDisk : IIdentityDisk
{
    private readonly HashSet<string> held = [];
    private Folder root = new();

    /// <summary>After so many more changes the power is gone; null never.</summary>
    public int? PowerLastsFor { get; set; }

    /// <summary>Syncing a folder does nothing: what the crash test must catch.</summary>
    public Func<string, bool> IgnoresSyncOf { get; set; } = _ => false;

    /// <summary>Every change fails from now on: a full disk, a stick that was pulled.</summary>
    public bool Fails { get; set; }

    /// <summary>Files that no byte fits into any more, while others still have room in their last block.</summary>
    public Func<string, bool> HasNoRoomFor { get; set; } = _ => false;

    /// <summary>What somebody else does as soon as a folder was listed, once.</summary>
    public Action? AfterList { get; set; }

    /// <summary>Something else that lives on the same power changes: a TPM.</summary>
    public void ChangeBeside() => Change();

    /// <summary>How many changes there were.</summary>
    public int Changes { get; private set; }

    public byte[]? Read(string name, int bytesMax) => Find(name) is File file ? [.. file.Bytes] : null;

    public string? ReadLink(string name) => Find(name, follow: false) is LinkTo link ? link.Target : null;

    public IReadOnlyList<string> List(string folder)
    {
        IReadOnlyList<string> names = Find(folder) is Folder found ? [.. found.Names.Keys] : [];
        var after = AfterList;
        AfterList = null;
        after?.Invoke();
        return names;
    }

    public bool IsFolder(string name) => Find(name) is Folder;

    public void MakeFolder(string name)
    {
        if (Find(name) is null)
        {
            Set(name, new Folder());
        }
    }

    public void Write(string name, ReadOnlySpan<byte> bytes, bool isSecret)
    {
        var file = new File();
        Set(name, file);
        Change();
        Room(name);
        file.Bytes = bytes.ToArray();
        Change();
        file.Durable = file.Bytes;
    }

    public void Append(string name, ReadOnlySpan<byte> bytes)
    {
        if (Find(name) is not File file)
        {
            file = new File { Durable = [] };
            Set(name, file);
        }

        Change();
        if (HasNoRoomFor(name))
        {
            // What fits is there.
            file.Bytes = file.Durable = [.. file.Bytes, .. bytes[..(bytes.Length / 2)]];
        }

        Room(name);
        file.Bytes = [.. file.Bytes, .. bytes];
        Change();
        file.Durable = file.Bytes;
    }

    public void Truncate(string name, long lengthBytes)
    {
        Change();
        var file = (File)Find(name)!;
        file.Bytes = file.Durable = file.Bytes[..(int)lengthBytes];
    }

    public void Link(string name, string target)
    {
        if (Find(name, follow: false) is not null)
        {
            throw new IOException($"{name} is there already.");
        }

        Set(name, new LinkTo(target));
    }

    public void Rename(string from, string to)
    {
        var (folder, name) = Parent(from);
        var (other, fresh) = Parent(to);
        if (folder != other || !folder.Names.TryGetValue(name, out var node))
        {
            throw new IOException($"{from} cannot become {to}.");
        }

        if (folder.Names.GetValueOrDefault(fresh) is Folder)
        {
            throw new IOException($"{to} is a folder.");
        }

        Change();
        folder.Do(names =>
        {
            names.Remove(name);
            names[fresh] = node;
        });
    }

    public void Delete(string name)
    {
        var (folder, last) = Parent(name);
        if (folder.Names.ContainsKey(last))
        {
            Change();
            folder.Do(names => names.Remove(last));
        }
    }

    public void DeleteFolder(string name)
    {
        if (Find(name) is Folder found)
        {
            foreach (var inner in found.Names.Keys.ToList())
            {
                Delete($"{name}/{inner}");
            }

            Delete(name);
        }
    }

    public void SyncFolder(string name)
    {
        Change();
        if (!IgnoresSyncOf(name))
        {
            ((Folder)Find(name)!).Sync();
        }
    }

    public IDisposable Hold(string name)
    {
        // Whoever holds it and asks again would wait for himself.
        return held.Add(name) ? new Held(held, name) : throw new IOException($"{name} is held.");
    }

    /// <summary>Every disk that a power cut at this moment may leave.</summary>
    public IEnumerable<SimulatedIdentityDisk> AfterPowerCut()
    {
        foreach (var node in Variants(root))
        {
            // The variants share what is the same in them, and whoever gets one goes on writing to it.
            yield return new SimulatedIdentityDisk { root = (Folder)Copy(node) };
        }
    }

    /// <summary>What is on it, for a failing test: name, and length or target.</summary>
    public override string ToString() => string.Join('\n', Tell("", root));

    private static IEnumerable<string> Tell(string at, Folder folder) => folder.Names.SelectMany(entry =>
        entry.Value switch
        {
            Folder inner => Tell($"{at}{entry.Key}/", inner).Prepend($"{at}{entry.Key}/"),
            LinkTo link => [$"{at}{entry.Key} -> {link.Target}"],
            _ => [$"{at}{entry.Key} {((File)entry.Value).Bytes.Length}"],
        });

    private static IEnumerable<Node> Variants(Node node) => node switch
    {
        File file => VariantsOf(file),
        Folder folder => VariantsOf(folder),
        _ => [node],
    };

    private static IEnumerable<Node> VariantsOf(File file)
    {
        yield return File.Of(file.Durable ?? []);
        if (!ReferenceEquals(file.Durable, file.Bytes))
        {
            var kept = file.Durable?.Length ?? 0;
            yield return File.Of(file.Bytes[..(kept + ((file.Bytes.Length - kept) / 2))]);
            yield return File.Of(file.Bytes);
        }
    }

    private static IEnumerable<Node> VariantsOf(Folder folder)
    {
        for (var chosen = 0; chosen < 1 << folder.Unsynced.Count; chosen++)
        {
            var names = new SortedDictionary<string, Node>(folder.Durable, StringComparer.Ordinal);
            for (var i = 0; i < folder.Unsynced.Count; i++)
            {
                if ((chosen & (1 << i)) != 0)
                {
                    folder.Unsynced[i](names);
                }
            }

            foreach (var whole in Product([.. names]))
            {
                yield return whole;
            }
        }
    }

    private static IEnumerable<Folder> Product(IReadOnlyList<KeyValuePair<string, Node>> entries)
    {
        IEnumerable<List<KeyValuePair<string, Node>>> all = [[]];
        foreach (var (name, node) in entries)
        {
            var variants = Variants(node).ToList();
            all = all.SelectMany(before => variants.Select(
                variant => (List<KeyValuePair<string, Node>>)[.. before, KeyValuePair.Create(name, variant)]));
        }

        return all.Select(Folder.Of);
    }

    private static Node Copy(Node node) => node switch
    {
        File file => File.Of(file.Bytes),
        Folder folder => Folder.Of(folder.Names.Select(entry => KeyValuePair.Create(entry.Key, Copy(entry.Value)))),
        _ => node,
    };

    private void Set(string name, Node node)
    {
        Change();
        var (folder, last) = Parent(name);
        folder.Do(names => names[last] = node);
    }

    private void Change()
    {
        Changes++;
        if (Fails)
        {
            throw new IOException("No space left on device.");
        }

        if (PowerLastsFor is { } lasts)
        {
            PowerLastsFor = lasts - 1;
            if (lasts <= 0)
            {
                throw new IdentityPowerLostException();
            }
        }
    }

    private void Room(string name)
    {
        if (HasNoRoomFor(name))
        {
            throw new IOException("No space left on device.");
        }
    }

    private (Folder Folder, string Name) Parent(string name)
    {
        var slash = name.LastIndexOf('/');
        var folder = slash < 0 ? root : Find(name[..slash]) as Folder;
        return (folder ?? throw new IOException($"There is no folder for {name}."), name[(slash + 1)..]);
    }

    private Node? Find(string name, bool follow = true)
    {
        Node? at = root;
        foreach (var part in name.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = at is LinkTo link ? Find(link.Target) : at;
            at = at is Folder folder ? folder.Names.GetValueOrDefault(part) : null;
        }

        return follow && at is LinkTo last ? Find(last.Target) : at;
    }

    private sealed class Held(HashSet<string> all, string name) : IDisposable
    {
        public void Dispose() => all.Remove(name);
    }

    private abstract class Node;

    private sealed class LinkTo(string target) : Node
    {
        public string Target => target;
    }

    private sealed class File : Node
    {
        public byte[] Bytes { get; set; } = [];

        public byte[]? Durable { get; set; }

        public static File Of(byte[] bytes) => new() { Bytes = bytes, Durable = bytes };
    }

    private sealed class Folder : Node
    {
        public SortedDictionary<string, Node> Names { get; private init; } = new(StringComparer.Ordinal);

        public SortedDictionary<string, Node> Durable { get; private init; } = new(StringComparer.Ordinal);

        public List<Action<SortedDictionary<string, Node>>> Unsynced { get; } = [];

        public static Folder Of(IEnumerable<KeyValuePair<string, Node>> entries)
        {
            var names = new Dictionary<string, Node>(entries);
            return new Folder
            {
                Names = new(names, StringComparer.Ordinal),
                Durable = new(names, StringComparer.Ordinal),
            };
        }

        public void Do(Action<SortedDictionary<string, Node>> change)
        {
            change(Names);
            Unsynced.Add(change);
        }

        public void Sync()
        {
            Unsynced.ForEach(change => change(Durable));
            Unsynced.Clear();
        }
    }
}
