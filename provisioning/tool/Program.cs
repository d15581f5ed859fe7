using Sluice.Provision;
using Sluice.Provisioning;

_ = PrivateMemory.Keep();
return await new ToolCommandLine().InvokeAsync(args, CancellationToken.None).ConfigureAwait(false);
