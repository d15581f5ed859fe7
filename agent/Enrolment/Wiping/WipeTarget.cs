namespace Sluice.Agent.Enrolment.Wiping;

/// <summary>Something outside the identity directory that a wipe destroys.</summary>
/// <param name="Name">What a person calls it.</param>
/// <param name="Destroy">Destroys what is there; may be called again. Null, or why something is left.</param>
/// <param name="Done">What is said of it then.</param>
internal sealed record WipeTarget(
    string Name, Func<CancellationToken, Task<string?>> Destroy, string Done = "deleted");
