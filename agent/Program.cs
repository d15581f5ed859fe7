using Sluice.Agent;
using Sluice.Agent.CommandLine;

return await new AgentCommandLine { Run = GatewayHost.RunAsync }
    .InvokeAsync(args, CancellationToken.None).ConfigureAwait(false);
