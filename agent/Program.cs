using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Egress.Jail;
using Sluice.Provisioning;

_ = PrivateMemory.Keep();
return await new AgentCommandLine { Run = GatewayHost.RunAsync, Jail = new SelfJail() }
    .InvokeAsync(args, CancellationToken.None).ConfigureAwait(false);
