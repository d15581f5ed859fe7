using Sluice.Agent;
using Sluice.Agent.Binding;
using Sluice.Agent.Enrolment;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Provisioning.Labels;

/// <summary>What stands on a label, and that it tells the right request from every other one.</summary>
public sealed class LabelTests
{
    private static readonly KeyRequest Request = Of("gw-042", "plant1");

    [Fact]
    public void What_a_label_says_is_read_back_from_it()
    {
        var label = new GatewayLabel("plant1", "gw-042", Request.KeyFingerprint, "10000000abcdef01");

        Assert.Equal(label, GatewayLabel.Read(label.Text + "\r\n"));
        Assert.Null(label.Difference(Request));
    }

    [Fact]
    public void The_longest_names_still_fit_into_the_code_without_the_board()
    {
        var name = new string('x', 32);
        var label = new GatewayLabel(name, name, Request.KeyFingerprint, new string('9', 64));

        Assert.Equal(41, QrCode.Of(label.Text).Size);
        Assert.Null(GatewayLabel.Read(label.Text)!.BoardSerial);
    }

    [Theory]
    [InlineData("gw-043", "plant1", "is that of gw-043, and the request of gw-042")]
    [InlineData("gw-042", "plant2", "says plant 'plant2', and the request 'plant1'")]
    [InlineData("gw-042", "plant1", "it was made by somebody else")]
    public void Another_gateway_s_label_or_another_key_is_told(string gateway, string site, string words) =>
        Assert.Contains(words, new GatewayLabel(site, gateway, Of(gateway, site).KeyFingerprint, null)
            .Difference(Request)!);

    [Theory]
    [InlineData("")]
    [InlineData("yes")]
    [InlineData("SLUICE2 plant1 gw-042 N42J-NFGA-N9F8-2K5A")]
    [InlineData("SLUICE1 plant1 gw-042 N42J-NFGA-N9F8")]
    [InlineData("SLUICE1 plant1 ../gw N42J-NFGA-N9F8-2K5A")]
    [InlineData("SLUICE1 plant1 gw-042 N42J-NFGA-N9F8-2K5A 1 2")]
    public void What_is_no_label_is_none(string scanned) => Assert.Null(GatewayLabel.Read(scanned));

    [Fact]
    public void A_code_has_its_three_eyes_its_timing_and_a_quiet_zone()
    {
        var code = QrCode.Of(new GatewayLabel("plant1", "gw-042", Request.KeyFingerprint, null).Text);
        foreach (var (x, y) in new[] { (0, 0), (code.Size - 7, 0), (0, code.Size - 7) })
        {
            var lines = Enumerable.Range(y, 7).Select(line => string.Concat(
                Enumerable.Range(x, 7).Select(column => code[column, line] ? '#' : '.')));
            Assert.Equal(
                ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"], lines);
        }

        Assert.All(Enumerable.Range(8, code.Size - 16), at => Assert.Equal(at % 2 == 0, code[at, 6]));
        var text = code.ToText().TrimEnd('\n').Split('\n');
        Assert.All(text, line => Assert.Equal(code.Size + 8, line.Length));
        Assert.Equal((code.Size + 9) / 2, text.Length);
        Assert.Equal(new string('\u2588', code.Size + 8), text[0]);
    }

    [Fact]
    public void A_text_that_is_too_long_for_a_label_is_our_own_mistake() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => QrCode.Of(new string('x', QrCode.BytesMax + 1)));

    [Theory]
    [InlineData("proc/device-tree/serial-number", "10000000abcdef01\0", "10000000abcdef01")]
    [InlineData("sys/class/dmi/id/product_serial", "  PF1ABC23\n", "PF1ABC23")]
    [InlineData("sys/class/dmi/id/board_serial", "To be filled by O.E.M.\n", null)]
    [InlineData("proc/device-tree/serial-number", "0000000000000000\0", null)]
    [InlineData("proc/device-tree/serial-number", "\u001b[31m", "31m")]
    [InlineData("elsewhere", "1234", null)]
    public void A_board_says_its_number_or_nothing(string file, string content, string? serial)
    {
        var root = Directory.CreateTempSubdirectory("sluice-board-").FullName;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, file))!);
        File.WriteAllText(Path.Combine(root, file), content);

        Assert.Equal(serial, Board.Serial(root));
        Directory.Delete(root, recursive: true);
    }

    private static KeyRequest Of(string gateway, string site) =>
        KeyRequest.Read(KeyRequest.MakeKeyAndRequest(gateway, site), out _)!;
}
