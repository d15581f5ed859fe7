using System.Globalization;

namespace Sluice.Agent.Egress.Firewall;

/// <summary>Finds the number of a user in the text of /etc/passwd (passwd(5)). A core.</summary>
internal static class HostUsers
{
    public const string File = "/etc/passwd";

    /// <summary>The number; also of a user who is named by it. Null where there is no such user.</summary>
    public static uint? NumberOf(string user, string passwd)
    {
        if (uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var given))
        {
            return given;
        }

        foreach (var line in passwd.Split('\n'))
        {
            var fields = line.Split(':');
            if (fields.Length >= 3 && fields[0] == user
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }
        }

        return null;
    }
}
