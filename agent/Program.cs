using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Provisioning;

_ = PrivateMemory.Keep();
return await new AgentCommandLine { Run = GatewayHost.RunAsync }
    .InvokeAsync(args, CancellationToken.None).ConfigureAwait(false);
