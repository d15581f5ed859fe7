namespace Sluice.Agent.Updating.Slots;

/// <summary>One of the two places that an image of the system can be in: <c>a</c> or <c>b</c>.</summary>
internal readonly record struct Slot(char Letter)
{
    public static Slot A => new('a');

    public static Slot B => new('b');

    public Slot Other => Letter == 'a' ? B : A;

    /// <summary>The name of its partition (GPT).</summary>
    public string Partition => $"sluice-root-{Letter}";

    public static Slot? Read(string? text) => text switch
    {
        "a" => A,
        "b" => B,
        _ => null,
    };

    public override string ToString() => Letter.ToString();
}
