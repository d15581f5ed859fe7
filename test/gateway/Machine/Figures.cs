namespace Sluice.Gateway.Machine;

/// <summary>Figures that are printed and not asserted: to the terminal, and to out/gateway/figures.txt.</summary>
internal static class Figures
{
    /// <summary>The repository.</summary>
    public static string Root { get; } = FindRoot();

    public static void Say(string figure)
    {
        Console.Error.WriteLine("   " + figure);
        File.AppendAllText(Path.Combine(Root, "out/gateway/figures.txt"), figure + "\n");
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "agent.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("The tests run from inside the repository; no agent.sln above them.");
    }
}
