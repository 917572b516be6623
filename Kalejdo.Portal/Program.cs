using Kalejdo.Portal;
using Kalejdo.Portal.Commands;

if (PortalCommands.IsVerb(args))
{
    await using var host = new CommandHost();
    return await PortalCommands.RunAsync(args, host);
}

await using var app = Portal.Build(args);
if (!await Start.PrepareAsync(app.Services, CancellationToken.None))
{
    return 1;
}
app.UsePortal();
await app.RunAsync();
return 0;
