using Sluice.Agent.CommandLine;

return await new AgentCommandLine().InvokeAsync(args, CancellationToken.None).ConfigureAwait(false);
