using System.Data.Common;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>What is live on a page ends within a minute of its person's session; what nobody is signed in for goes on.</summary>
internal sealed class SessionCircuits(AuthenticationStateProvider people, NavigationManager navigation, IServiceScopeFactory scopes, TimeProvider time)
    : CircuitHandler, IDisposable
{
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource closed = new();
    private volatile bool ended;

    public override Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _ = WatchAsync();
        return Task.CompletedTask;
    }

    // A browser may refuse to leave the page: nothing that it sends is done any more.
    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(Func<CircuitInboundActivityContext, Task> next) =>
        context => ended ? Task.CompletedTask : next(context);

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken) => closed.CancelAsync();

    internal async Task CheckAsync()
    {
        var person = (await people.GetAuthenticationStateAsync()).User;
        if (ended || !person.HasClaim(claim => claim.Type == CurrentSubject.SessionClaim))
        {
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        if (!await scope.ServiceProvider.GetRequiredService<Sessions>().StandsAsync(person, closed.Token))
        {
            ended = true;
            navigation.Refresh(forceReload: true);
        }
    }

    public void Dispose() => closed.Dispose();

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (!ended && await timer.WaitForNextTickAsync(closed.Token))
            {
                try
                {
                    await CheckAsync();
                }
                catch (DbException)
                {
                    // The store does not answer: the next minute asks again.
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
        }
    }
}
