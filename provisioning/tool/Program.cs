using Sluice.Provision;

return await new ToolCommandLine().InvokeAsync(args, CancellationToken.None).ConfigureAwait(false);
