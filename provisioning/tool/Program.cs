using System.CommandLine;
using System.Reflection;

// sluice-provision runs on the technician's laptop and at the plant's CA. Its verbs come with the identity work; until
// then it says so, and says who it is.
var version = Assembly.GetExecutingAssembly()
    .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
var root = new RootCommand(
    $"sluice-provision {version}: gives gateways their identity (plant CA, bundles, revocation). This version has no "
        + "verbs yet; they come with the identity work. Until then lay out the identity directory by hand: current -> "
    + "versions/0001/ "
    + "with key.pem (mode 0600), chain.pem, roots.pem, crl.pem and bundle.json. 'sluice-agent check' says what is "
    + "wrong with it.");
const int usage = 64;
var line = root.Parse(args.Length == 0 ? ["--help"] : args);
var code = await line.InvokeAsync();
return line.Errors.Count > 0 ? usage : code;
