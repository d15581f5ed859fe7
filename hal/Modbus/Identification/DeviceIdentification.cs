namespace Sluice.Hal.Modbus;

/// <summary>What a device tells about itself; a text that it does not tell is empty.</summary>
/// <param name="Vendor">Object 0.</param>
/// <param name="ProductCode">Object 1.</param>
/// <param name="Revision">Object 2.</param>
/// <param name="ProductName">Object 4.</param>
/// <param name="Model">Object 5.</param>
/// <param name="Application">Object 6: the name that the user gave it.</param>
public sealed record DeviceIdentification(
    string Vendor, string ProductCode, string Revision, string ProductName, string Model, string Application);

/// <summary>
/// The questions that one device is asked about itself, one after the other.
/// <para>
/// Invariants: at most <see cref="QuestionsMax"/> questions, whatever the device answers; a device that promises more
/// is followed only to objects that were not asked for yet, so it cannot lead in a circle; what was told is kept when a
/// later question fails.
/// </para>
/// </summary>
public sealed class IdentificationWalk
{
    /// <summary>Regular objects in pages of one, and a first question that was too much for the device.</summary>
    public const int QuestionsMax = 8;

    private const byte RegularObjectMax = 6;
    private const byte IllegalAddress = 2;
    private const byte IllegalValue = 3;

    private readonly string?[] told = new string?[RegularObjectMax + 1];
    private int questions;
    private int asked;

    /// <summary>What to ask next; null when there is no more to ask.</summary>
    public (IdentificationScope Scope, byte ObjectId)? Next { get; private set; } = (IdentificationScope.Regular, 0);

    /// <summary>How the first question that was answered or failed for good ended.</summary>
    public ModbusResult Outcome { get; private set; }

    /// <summary>What was told; null if nothing was.</summary>
    public DeviceIdentification? Told => told.All(each => each is null)
        ? null
        : new DeviceIdentification(Text(0), Text(1), Text(2), Text(4), Text(5), Text(6));

    public void Observe(in IdentificationResult answer)
    {
        var (scope, _) = Next ?? throw new InvalidOperationException("nothing was asked");
        questions++;
        Next = null;
        if (answer.Page is not { } page)
        {
            Outcome = Told is null ? answer.Result : Outcome;

            // A device of the basic kind may refuse the regular question; every other no is final.
            if (Told is null && scope == IdentificationScope.Regular
                && answer.Result is
                {
                    Status: ModbusStatus.DeviceException, ExceptionCode: IllegalAddress or IllegalValue,
                })
            {
                Next = (IdentificationScope.Basic, 0);
            }

            return;
        }

        Outcome = ModbusResult.Answered;
        foreach (var each in page.Objects)
        {
            if (each.Id <= RegularObjectMax)
            {
                told[each.Id] ??= each.Text;
            }
        }

        if (page.NextObject is { } next && next > asked && next <= RegularObjectMax && questions < QuestionsMax)
        {
            asked = next;
            Next = (scope, next);
        }
    }

    /// <summary>Asks all of it, one question at a time.</summary>
    public static async ValueTask<(ModbusResult Outcome, DeviceIdentification? Told)> RunAsync(
        IModbusClient client, byte unitId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        var walk = new IdentificationWalk();
        while (walk.Next is { } question)
        {
            walk.Observe(await client.ReadIdentificationAsync(
                unitId, question.Scope, question.ObjectId, cancellationToken).ConfigureAwait(false));
        }

        return (walk.Outcome, walk.Told);
    }

    private string Text(int id) => told[id] ?? "";
}
