using Kalejdo.Portal;
using Kalejdo.Portal.Commands;

if (PortalCommands.IsVerb(args))
{
    await using var host = new CommandHost(() =>
    {
        var b = WebApplication.CreateBuilder();
        b.Services.AddSingleton<LiveMap>();
        Kalejdo.Portal.Store.PortalStore.AddPortalStore(b.Services, b.Configuration);
        b.Services.AddSingleton<Kalejdo.Portal.Audit.AuditTrail>();
        b.Services.AddSingleton<Kalejdo.Portal.Features.Erasure.Erasures>();
        return b.Build();
    });
    return await PortalCommands.RunAsync(args, host);
}
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddRazorComponents();
var app = builder.Build();
app.MapGet("/", () => "hej");
app.Run();
return 0;
