using System.Security.Cryptography;
using System.Text;

namespace Sluice.Agent.Posture;

/// <summary>
/// What this program was built from: itself, the runtime, and every package whose code went into it, as NuGet resolved
/// them for this very build. The build writes <c>Built</c> (target WriteComponentList of the project file).
/// <c>sluice-agent version --components</c> prints the lines, and <c>sha256sum</c> of them is the hash.
/// </summary>
internal sealed partial class ComponentList
{
    public ComponentList(IEnumerable<string> lines)
    {
        Lines = [.. lines.Distinct().Order(StringComparer.Ordinal)];
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));
    }

    public static ComponentList OfThisBuild { get; } = new(Built);

    /// <summary>Name, blank, version; sorted by bytes.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>SHA-256 of <see cref="Text"/>, lower-case hex.</summary>
    public string Hash { get; }

    /// <summary>Each line with its end.</summary>
    public string Text => string.Concat(Lines.Select(line => $"{line}\n"));
}
