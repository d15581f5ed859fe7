using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment.Sticks;
using Sluice.Provisioning.Labels;

namespace Sluice.Agent.OwnCard;

/// <summary>What is on a gateway's own card for it, judged by the agent's own rules.</summary>
/// <param name="Loaded">The configuration; null where the card holds none.</param>
/// <param name="Files">What goes beside the configuration, gateway.json last: with it all of it counts.</param>
/// <param name="Units">What the network service reads.</param>
/// <param name="Time">What the time service reads.</param>
/// <param name="Problems">Everything that is wrong; with one error nothing is taken.</param>
internal sealed record CardContents(
    LoadResult? Loaded, IReadOnlyList<KeyValuePair<string, byte[]>> Files,
    IReadOnlyList<KeyValuePair<string, byte[]>> Units, byte[] Time, IReadOnlyList<ConfigurationProblem> Problems)
{
    public const string GatewayFile = "gateway.json";
    public const string NameFile = "hostname";

    private const int NameLettersMax = 63;

    private static readonly string[] Reserved = [GatewayFile, NameFile, SiteToken.FileName, NetworkTable.FileName];

    public bool IsRight => Loaded?.Configuration is not null && Problems.All(problem => !problem.IsError);

    /// <summary>A core, but for the card that is handed in.</summary>
    /// <param name="card">Its folder.</param>
    /// <param name="own">What the gateway has already; null for nothing, or nothing usable.</param>
    public static CardContents Read(IStick card, GatewayConfiguration? own)
    {
        var problems = new ProblemList(GatewayFile);
        var gateway = card.Read(GatewayFile, ConfigurationLoader.FileBytesMax);
        if (gateway.Bytes is not { } bytes)
        {
            if (gateway.Problem is { } unreadable)
            {
                problems.Error(0, 0, "", $"{unreadable}.");
            }

            return new CardContents(null, [], [], [], problems.Problems);
        }

        var loaded = ConfigurationReader.Read(problems, bytes, name => List(card, name));
        var files = loaded.Files!.Lists.Select(list => KeyValuePair.Create(list.Key, list.Value.ToArray())).ToList();
        var found = new List<ConfigurationProblem>(loaded.Problems);
        if (loaded.Configuration is { } read && own is not null && read.Gateway != own.Gateway)
        {
            found.Add(new ConfigurationProblem(GatewayFile, 0, 0, "gateway", $"is {read.Gateway.Id} of "
                + $"{read.Gateway.Site}, and this gateway is {own.Gateway.Id} of {own.Gateway.Site}: is it the card of "
                + "another cabinet? One that is to become another is flashed anew."));
        }

        var name = Name(card, found);
        var token = Token(card, loaded.Configuration, found);
        files.AddRange(new[] { name, token }.OfType<KeyValuePair<string, byte[]>>());
        files.Add(KeyValuePair.Create(GatewayFile, bytes));
        var units = NetworkUnits(card, found);
        return new CardContents(
            loaded, files, units, TimeOf(loaded.Configuration), ConfigurationProblem.Sort(found));
    }

    /// <summary>A list lies beside gateway.json, as <c>sluice-provision prepare</c> lays it.</summary>
    private static (byte[]? Bytes, string Problem) List(IStick card, string name)
    {
        if (name.AsSpan().IndexOfAny('/', '\\') >= 0 || name.StartsWith('.') || Reserved.Contains(name))
        {
            return (null, "is no name that a list can have on a card: lay it beside gateway.json, and name it so.");
        }

        var file = card.Read(name, ConfigurationLoader.FileBytesMax);
        return (file.Bytes, file.Problem is { } problem ? $"{problem}." : "is not there: copy it beside gateway.json.");
    }

    private static KeyValuePair<string, byte[]>? Name(IStick card, List<ConfigurationProblem> problems)
    {
        var file = card.Read(NameFile, 1024);
        var name = file.Bytes is { } bytes ? Encoding.UTF8.GetString(bytes).Trim() : null;
        var isRight = name is { Length: > 0 and <= NameLettersMax } && name[0] != '-' && name[^1] != '-'
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-');
        if (file.Problem is not null || (name is not null && !isRight))
        {
            problems.Add(new ConfigurationProblem(NameFile, 0, 0, "", file.Problem is { } unreadable ? $"{unreadable}."
                : $"\"{FileNode.Clip(name!)}\" is no name for a machine: up to {NameLettersMax} letters, digits and "
                    + "hyphens, in one line."));
        }

        return isRight ? KeyValuePair.Create(NameFile, Encoding.ASCII.GetBytes(name + "\n")) : null;
    }

    private static KeyValuePair<string, byte[]>? Token(
        IStick card, GatewayConfiguration? configuration, List<ConfigurationProblem> problems)
    {
        var file = card.Read(SiteToken.FileName, SiteToken.BytesMax);
        if (file is { Bytes: null, Problem: null })
        {
            return null;
        }

        var problem = file.Problem ?? "";
        var token = file.Bytes is { } bytes ? SiteToken.Read(bytes, out problem) : null;
        if (token is not null && configuration is not null && token.Site != configuration.Gateway.Site)
        {
            problem = $"it is that of plant '{token.Site}', and this gateway belongs to '{configuration.Gateway.Site}'";
        }

        if (problem.Length > 0)
        {
            problems.Add(new ConfigurationProblem(SiteToken.FileName, 0, 0, "", $"{problem}."));
        }

        return token is null ? null : KeyValuePair.Create(SiteToken.FileName, token.Write());
    }

    private static IReadOnlyList<KeyValuePair<string, byte[]>> NetworkUnits(
        IStick card, List<ConfigurationProblem> problems)
    {
        var file = card.Read(NetworkTable.FileName, NetworkTable.BytesMax);
        var found = new ProblemList(NetworkTable.FileName);
        if (file.Problem is { } unreadable)
        {
            found.Error(0, 0, "", $"{unreadable}.");
        }

        var units = file.Bytes is { } bytes ? NetworkTable.Read(bytes, found) : [];
        problems.AddRange(found.All());
        return units;
    }

    /// <summary>The time servers of the configuration and no other: not Debian's.</summary>
    private static byte[] TimeOf(GatewayConfiguration? configuration) => Encoding.ASCII.GetBytes(
        $"# Made of gateway.json.\n[Time]\nNTP={string.Join(' ', configuration?.TimeServers ?? [])}\nFallbackNTP=\n");
}
