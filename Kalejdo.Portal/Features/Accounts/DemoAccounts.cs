using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>Somebody of the demonstration who can sign in at once, and somebody to register.</summary>
internal static class DemoAccounts
{
    // Nothing else is said of these cases than that they have everything.
    private static readonly DemoSubscriber Ready = new((int)DemoCase.Complete);

    /// <summary>Only ever called when the demonstration itself was made: its password is no secret.</summary>
    public static async Task CreateAsync(IServiceProvider services, CancellationToken cancellation)
    {
        await using var scope = services.CreateAsyncScope();
        if (Setting(services, "Demo:Password", "") is { Length: > 0 } password && Ready.Number <= Setting(services, "Demo:Subscribers", 0))
        {
            await CreateAsync(scope.ServiceProvider, Ready, password, cancellation);
        }
    }

    /// <summary>A linked account, as if its person had registered.</summary>
    /// <param name="services">Of a scope.</param>
    public static async Task<Account> CreateAsync(IServiceProvider services, DemoSubscriber subscriber, string password, CancellationToken cancellation)
    {
        var (db, users, keys) = (services.GetRequiredService<PortalDbContext>(), services.GetRequiredService<UserManager<Account>>(), services.GetRequiredService<PortalKeys>());
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime;
        var account = new Account("sv", now) { Email = subscriber.OwnEmail, EmailConfirmed = true };
        account.PasswordHash = users.PasswordHasher.HashPassword(account, Passwords.Normal(password)!);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        Sessions.Demand(await users.CreateAsync(account));
        db.AccountLinks.Add(AccountLink.Of(keys, account.Id, CurrentSubject.CustomerNumber, subscriber.CustomerNumber, LinkProof.CustomerNumber, now));
        if (subscriber.EmailVerified)
        {
            db.AccountLinks.Add(AccountLink.Of(keys, account.Id, CurrentSubject.Email, subscriber.OwnEmail.ToLowerInvariant(), LinkProof.Mailbox, now));
        }

        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return account;
    }

    /// <summary>Where the demonstration's account stands: how to sign in, and whom one could register.</summary>
    public static async Task PrintAsync(IServiceProvider services, CancellationToken cancellation)
    {
        await using var scope = services.CreateAsyncScope();
        var (db, users) = (scope.ServiceProvider.GetRequiredService<PortalDbContext>(), scope.ServiceProvider.GetRequiredService<UserManager<Account>>());
        if (Setting(services, "Demo:Subscribers", 0) == 0 || !await HasAccountAsync(Ready))
        {
            return;
        }

        Console.WriteLine($"""
            The portal with demonstration data: {services.GetRequiredService<IOptions<PortalOptions>>().Value.PublicAddress}
              sign in    {Ready.OwnEmail}, password {Setting(services, "Demo:Password", "")} (until it is changed)
            """);
        for (var number = (int)DemoCase.Ordinary; number <= Setting(services, "Demo:Subscribers", 0); number += DemoSubscriber.Cases)
        {
            if (new DemoSubscriber(number) is var fresh && !await HasAccountAsync(fresh))
            {
                Console.WriteLine($"  register   {fresh.OwnEmail}, customer number {fresh.CustomerNumber} or box code {fresh.BoxCode}");
                break;
            }
        }

        async Task<bool> HasAccountAsync(DemoSubscriber subscriber)
        {
            var address = users.NormalizeEmail(subscriber.OwnEmail);
            return await db.Users.AnyAsync(row => row.NormalizedEmail == address, cancellation);
        }
    }

    private static T Setting<T>(IServiceProvider services, string name, T otherwise) => services.GetRequiredService<IConfiguration>().GetValue(name, otherwise)!;
}
