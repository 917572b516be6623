using Kalejdo.Portal;

// A first argument that is no option is a verb of the command line (Commands/); it is answered here, before the web host.

var builder = WebApplication.CreateBuilder(new WebApplicationOptions
{
    Args = args,
    // The portal's own folder, so that it can be started from any other.
    ContentRootPath = AppContext.BaseDirectory,
});
builder.AddPortal();

await using var app = builder.Build();
app.UsePortal();
await app.RunAsync();
return 0;
