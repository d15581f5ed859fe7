using Xunit;

namespace Sluice.Fast.Repository;

/// <summary>
/// Each rule is shown made-up violations, which it must name, and near misses, which it must let pass.
/// </summary>
public sealed class A_rule_bites
{
    [Theory]
    [InlineData("hal", "../agent/Sluice.Agent.csproj", true)]
    [InlineData("agent", "..\\test\\plant\\Sluice.Plant.csproj", true)]
    [InlineData("test/mes", "../../agent/Sluice.Agent.csproj", true)]
    [InlineData("somewhere", "../hal/Sluice.Hal.csproj", true)]
    [InlineData("agent", "../hal/Sluice.Hal.csproj", false)]
    public void On_a_reference_in_the_wrong_direction(string folder, string reference, bool bites) =>
        Bites(ProjectRules.Direction, bites,
            ($"{folder}/X.csproj", Xml($"<ProjectReference Include=\"{reference}\" />")));

    [Theory]
    [InlineData("agent/X.csproj", "<PackageReference Include=\"P\" Version=\"1.2.3\" />", true)]
    [InlineData("agent/X.csproj", "<PackageReference Include=\"P\"><Version>1</Version></PackageReference>", true)]
    [InlineData("agent/X.csproj", "<PackageReference Include=\"P\" VersionOverride=\"1.2.3\" />", true)]
    [InlineData("test/Directory.Build.props", "<PackageVersion Include=\"P\" Version=\"1.2.3\" />", true)]
    [InlineData("Directory.Packages.props", "<PackageVersion Include=\"P\" Version=\"1.*\" />", true)]
    [InlineData("Directory.Packages.props", "<PackageVersion Include=\"P\" Version=\"1.2.3\" />", false)]
    [InlineData("agent/X.csproj", "<PackageReference Include=\"P\" />", false)]
    public void On_a_version_outside_the_central_file(string path, string xml, bool bites) =>
        Bites(ProjectRules.Versions, bites, (path, Xml(xml)));

    [Theory]
    [InlineData("hal", true)]
    [InlineData("agent", false)]
    public void On_a_package_in_the_hal(string folder, bool bites) =>
        Bites(ProjectRules.HalStandsAlone, bites, ($"{folder}/X.csproj", Xml("<PackageReference Include=\"P\" />")));

    [Theory]
    [InlineData("hal/Modbus/X.cs", "using System.Device.Gpio;", true)]
    [InlineData("hal/Gpio/X.cs", "using System.Device.Gpio;", false)]
    public void On_the_gpio_package_elsewhere(string path, string text, bool bites) =>
        Bites(OwnershipRules.Gpio, bites, (path, text));

    [Theory]
    [InlineData("hal/Gpio/X.cs", "var flags = LineFlags.Output;", true)]
    [InlineData("agent/X.cs", "controller.OpenPin(1, PinMode.Output);", true)]
    [InlineData("hal/Gpio/Light/StatusLight.cs", "var flags = LineFlags.Output;", false)]
    [InlineData("hal/Gpio/X.cs", "var flags = LineFlags.Input;", false)]
    public void On_a_line_that_is_driven(string path, string text, bool bites) =>
        Bites(OwnershipRules.DrivenLines, bites, (path, text));

    [Theory]
    [InlineData("agent/Publishing/Delivery/RateBudget.cs", "var now = clock.GetUtcNow();", true)]
    [InlineData("agent/Buffering/Disk/X.cs", "var now = Reading.Stamp(clock);", true)]
    [InlineData("hal/Reading.cs", "var now = clock.GetUtcNow();", false)]
    [InlineData("test/fast/X.cs", "var now = clock.GetUtcNow();", false)]
    public void On_a_wall_clock_that_decides(string path, string text, bool bites) =>
        Bites(OwnershipRules.WallClock, bites, (path, text));

    [Theory]
    [InlineData("\"hal/X.csproj\"", "hal/packages.lock.json", false)]
    [InlineData("\"other\"", "hal/packages.lock.json", true)]
    [InlineData("\"hal\\X.csproj\"", "agent/packages.lock.json", true)]
    public void On_a_project_that_nobody_builds_or_locks(string listed, string locked, bool bites) =>
        Bites(ProjectRules.Listed, bites, ("agent.sln", listed), ("hal/X.csproj", Xml("")), (locked, "{}"));

    [Theory]
    [InlineData("agent/Publishing/X.cs", "using LiteDB;", true)]
    [InlineData("agent/X.cs", "var x = new LiteDB.BsonDocument();", true)]
    [InlineData("agent/Buffering/X.cs", "using LiteDB;", false)]
    [InlineData("agent/X.cs", "// LiteDB.dll is the store's affair\nvar x = \"using LiteDB\";", false)]
    public void On_the_store_known_elsewhere(string path, string text, bool bites) =>
        Bites(OwnershipRules.Store, bites, (path, text));

    [Theory]
    [InlineData("agent/Publishing/X.cs", "using MQTTnet.Protocol;", true)]
    [InlineData("test/fast/Hal/X.cs", "using M = MQTTnet.MqttClient;", true)]
    [InlineData("agent/Uplink/X.cs", "using MQTTnet;", false)]
    public void On_the_broker_client_known_elsewhere(string path, string text, bool bites) =>
        Bites(OwnershipRules.Broker, bites, (path, text));

    [Theory]
    [InlineData("agent/Sampling/X.cs", "using System.Net.Sockets;", true)]
    [InlineData("agent/Sampling/X.cs", "var s = new Socket (a, b, c);", true)]
    [InlineData("hal/Modbus/X.cs", "using System.Net.Sockets;", false)]
    [InlineData("test/plant/X.cs", "using System.Net.Sockets;", false)]
    public void On_a_socket_in_an_unnamed_place(string path, string text, bool bites) =>
        Bites(OwnershipRules.Sockets, bites, (path, text));

    [Theory]
    [InlineData("agent/Uplink/X.cs", "services.AddSingleton<X>();", true)]
    [InlineData("agent/GatewayHost.cs", "services.AddSingleton<X>();", false)]
    public void On_wiring_elsewhere(string path, string text, bool bites) =>
        Bites(OwnershipRules.Wiring, bites, (path, text));

    [Theory]
    [InlineData("agent/Helpers/X.cs", true)]
    [InlineData("agent/Uplink/Models/X.cs", true)]
    [InlineData("agent/Uplink/X.cs", false)]
    public void On_a_folder_named_after_nothing(string path, bool bites) =>
        Bites(OwnershipRules.Folders, bites, (path, ""));

    [Theory]
    [InlineData(401, true)]
    [InlineData(400, false)]
    public void On_a_long_file(int lines, bool bites) =>
        Bites(SizeRules.Files, bites, ("hal/X.cs", string.Concat(Enumerable.Repeat("\n", lines))));

    [Theory]
    [InlineData(121, true)]
    [InlineData(120, false)]
    public void On_a_long_line(int characters, bool bites) =>
        Bites(SizeRules.Lines, bites, ("test/x.sh", "one\n" + new string('x', characters) + "\n"));

    [Theory]
    [InlineData("void M()\n{", "}", 61, true)]
    [InlineData("void M()\n{", "}", 60, false)]
    [InlineData("C(int a = 3)\n: base(a)\n{", "}", 61, true)]
    [InlineData("int M(int a) => a switch\n{", "};", 61, true)]
    [InlineData("static int operator ==(C a, C b)\n{", "}", 61, true)]
    [InlineData("static readonly int[] s_table = new int[](\n3) {", "};", 90, false)]
    [InlineData("sealed class Inner(int a)\n{", "}", 90, false)]
    public void On_a_long_method(string head, string tail, int lines, bool bites)
    {
        var blank = lines - head.Count(c => c == '\n') - 2;
        var body = head + "\nvar s = $\"{x[\"}\"]} }}\"; // }" + new string('\n', blank) + tail;
        Bites(SizeRules.Methods, bites, ("hal/X.cs", "namespace N;\nclass C\n{\n" + body + "\n}\n"));
    }

    [Theory]
    [InlineData("agent/Uplink/Log.cs", "[LoggerMessage(4001, LogLevel.Warning, \"A [b] {C}\")]", 1, false)]
    [InlineData("agent/Uplink/Log.cs", "[LoggerMessage(EventId = 4001, Message = \"x\")]", 1, false)]
    [InlineData("agent/Uplink/Log.cs", "[LoggerMessage(4001, LogLevel.Warning, \"A\")]", 2, true)]
    [InlineData("agent/Uplink/Log.cs", "[LoggerMessage(3001, LogLevel.Warning, \"A\")]", 1, true)]
    [InlineData("agent/Uplink/Log.cs", "[LoggerMessage(LogLevel.Warning, \"No id, 4001\")]", 1, true)]
    [InlineData("agent/Uplink/Link.cs", "[LoggerMessage(4001, LogLevel.Warning, \"A\")]", 1, true)]
    [InlineData("agent/Elsewhere/Log.cs", "[LoggerMessage(4001, LogLevel.Warning, \"A\")]", 1, true)]
    public void On_a_log_event_id(string path, string text, int times, bool bites) =>
        Bites(LogRules.Check, bites, (path, string.Concat(Enumerable.Repeat(text + "\n", times))));

    [Theory]
    [InlineData("[Fact(Sk" + "ip = \"later\")]", true)]
    [InlineData("Assert.Sk" + "ip(\"no root\");", true)]
    [InlineData("Assert.True(tr" + "ue);", true)]
    [InlineData("readings.Skip(3)", false)]
    public void On_a_skipped_test(string text, bool bites) => Bites(HonestyRules.Skipped, bites, ("test/X.cs", text));

    [Theory]
    [InlineData("// TO" + "DO: the rest", true)]
    [InlineData("throw new NotImplemen" + "tedException();", true)]
    [InlineData("// nothing is to do here", false)]
    public void On_an_open_end(string text, bool bites) => Bites(HonestyRules.LeftOpen, bites, ("hal/X.cs", text));

    [Theory]
    [InlineData("#prag" + "ma warning disable CA1031", true)]
    [InlineData("#prag" + "ma warning disable CA1031 // sorry", true)]
    [InlineData("[Suppress" + "Message(\"A\", \"B\")]", true)]
    [InlineData("#pragma warning disable CA1031 // the loop's one catch ladder", false)]
    public void On_a_suppression_without_reason(string text, bool bites) =>
        Bites(HonestyRules.Suppressions, bites, ("hal/X.cs", text));

    [Theory]
    [InlineData("[Fact] public void Works() { }", true)]
    [InlineData("[Theory]\n[InlineData(\"a\")]\npublic async Task Works(string a) { }", true)]
    [InlineData("[Fact] public void A_reading_arrives() { }\npublic void Helper() { }", false)]
    public void On_a_test_without_a_sentence(string text, bool bites) =>
        Bites(HonestyRules.TestNames, bites, ("test/fast/X.cs", text));

    [Theory]
    [InlineData("cp /ho" + "me/anna/x .", true)]
    [InlineData("path = \"C:\\Us" + "ers\\anna\"", true)]
    [InlineData("/var/lib/sluice and test/home/x", false)]
    public void On_a_path_of_a_machine(string text, bool bites) =>
        Bites(HonestyRules.MachinePaths, bites, ("docs/x.md", text));

    [Theory]
    [InlineData("a\0b", true)]
    [InlineData("größer", false)]
    public void On_a_binary(string text, bool bites) => Bites(HonestyRules.Binaries, bites, ("docs/x.txt", text));

    [Fact]
    public void On_bytes_that_are_no_text() =>
        Assert.NotEmpty(HonestyRules.Binaries(new RepositoryTree([new TreeFile("x", new byte[] { 0xff, 0xfe })])));

    /// <summary>Two units of the virtual gateway were wanted by no target any more, and it never came up.</summary>
    [Theory]
    [InlineData("../some.service", true)]
    [InlineData("/usr/lib/systemd/system/some.service", true)]
    [InlineData("a/path\n", false)]
    [InlineData("1/s", false)]
    [InlineData("two words ../here", false)]
    [InlineData("", false)]
    public void On_a_link_that_became_text(string text, bool bites) =>
        Bites(HonestyRules.SymbolicLinks, bites, ("wants/some.service", text));

    [Fact]
    public void On_a_symbolic_link() => Assert.NotEmpty(HonestyRules.SymbolicLinks(
        new RepositoryTree([new TreeFile("x", "") { LinkTarget = "y" }])));

    [Theory]
    [InlineData("docs/x.md", "-----BEG" + "IN EC PRIVATE KEY-----\nMHcCAQEEIBrT3bVbcmWqgMSmsWqgMSmsWqgMSms", true)]
    [InlineData("test/field/ca.pem", "", true)]
    [InlineData("docs/x.md", "the file starts with -----BEG" + "IN PRIVATE KEY-----", false)]
    public void On_a_key(string path, string text, bool bites) => Bites(HonestyRules.Keys, bites, (path, text));

    [Theory]
    [InlineData("0002-two.md", "# 0002 Two", "[0002](0002-two.md)", false)]
    [InlineData("0002-two.md", "# 0002 Two", "nothing", true)]
    [InlineData("0002-two.md", "# Two", "[0002](0002-two.md)", true)]
    [InlineData("two.md", "# 0002 Two", "[0002](two.md)", true)]
    [InlineData("0001-other.md", "# 0001 Other", "[0001](0001-other.md)", true)]
    public void On_a_decision_that_cannot_be_found(string name, string text, string index, bool bites) =>
        Bites(DocumentRules.Decisions, bites, ("docs/adr/README.md", "[0001](0001-one.md)" + index),
            ("docs/adr/0001-one.md", "# 0001 One"), ($"docs/adr/{name}", text));

    [Theory]
    [InlineData("[x](adr/0001-one.md)", false)]
    [InlineData("[x](../hal)", false)]
    [InlineData("[x](https://example.org/)", false)]
    [InlineData("`[x](y)`", false)]
    [InlineData("[x](adr/0002-two.md)", true)]
    public void On_a_dead_link(string text, bool bites) =>
        Bites(DocumentRules.Links, bites, ("docs/x.md", text), ("docs/adr/0001-one.md", ""), ("hal/X.cs", ""));

    [Theory]
    [InlineData("[x](docs/x.md)", false)]
    [InlineData("[x](x.md)", true)]
    public void On_a_dead_link_in_a_document_at_the_top(string text, bool bites) =>
        Bites(DocumentRules.Links, bites, ("README.md", text), ("docs/x.md", ""));

    private static string Xml(string items) => $"<Project><ItemGroup>{items}</ItemGroup></Project>";

    private static void Bites(Func<RepositoryTree, IEnumerable<string>> rule, bool bites,
        params (string Path, string Text)[] files) =>
        Assert.Equal(bites, rule(RepositoryTree.Of(files)).Any());
}
