using System.Data.Common;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>
/// Whom a newcomer can be: a subscriber, somebody to register, and staff. Their password stands in the settings and is no secret,
/// so they are there only while the settings ask for the demonstration and Kalejdo's database bears its mark.
/// </summary>
internal static class DemoAccounts
{
    // .example is reserved: nobody real has such an address.
    public const string CaseWorker = "handlaggare@kalejdo.example";
    public const string Administrator = "administrator@kalejdo.example";

    private static readonly DemoSubscriber Ready = new((int)DemoCase.Complete);
    private static readonly string[] Addresses = [Ready.OwnEmail, CaseWorker, Administrator];

    /// <summary>Makes those who are not there yet and prints how to be them; where there is no demonstration, they go.</summary>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        var (subscribers, password) = (configuration.GetValue("Demo:Subscribers", 0), configuration["Demo:Password"] ?? "");
        await using var kalejdo = DataMapSettings.From(configuration).ConnectToKalejdo();
        await kalejdo.OpenAsync(cancellation);
        await using var scope = services.CreateAsyncScope();
        if (subscribers == 0 || !await DemoDatabase.IsDemonstrationAsync(kalejdo, cancellation))
        {
            await RemoveAsync(scope.ServiceProvider, cancellation);
        }
        else if (password.Length > 0)
        {
            await MakeAsync(scope.ServiceProvider, kalejdo, password, cancellation);
            await PrintAsync(scope.ServiceProvider, kalejdo, subscribers, password, cancellation);
        }
    }

    /// <summary>A linked account, as if its person had registered.</summary>
    /// <param name="services">Of a scope.</param>
    public static async Task<Account> CreateAsync(IServiceProvider services, DemoSubscriber subscriber, string password, CancellationToken cancellation)
    {
        var (db, keys) = (services.GetRequiredService<PortalDbContext>(), services.GetRequiredService<PortalKeys>());
        return await CreateAsync(services, subscriber.OwnEmail, password, account =>
        {
            db.AccountLinks.Add(AccountLink.Of(keys, account.Id, CurrentSubject.CustomerNumber, subscriber.CustomerNumber, LinkProof.CustomerNumber, account.CreatedAt));
            if (subscriber.EmailVerified)
            {
                db.AccountLinks.Add(AccountLink.Of(keys, account.Id, CurrentSubject.Email, subscriber.OwnEmail.ToLowerInvariant(), LinkProof.Mailbox, account.CreatedAt));
            }

            return db.SaveChangesAsync(cancellation);
        }, cancellation);
    }

    /// <summary>An account of staff, linked to nobody.</summary>
    /// <param name="services">Of a scope.</param>
    /// <param name="role">Of <see cref="StaffRoles"/>.</param>
    public static async Task<Account> CreateStaffAsync(IServiceProvider services, string address, string role, string password, CancellationToken cancellation)
    {
        var (users, roles) = (services.GetRequiredService<UserManager<Account>>(), services.GetRequiredService<RoleManager<IdentityRole>>());
        return await CreateAsync(services, address, password, async account =>
        {
            if (!await roles.RoleExistsAsync(role))
            {
                Sessions.Demand(await roles.CreateAsync(new IdentityRole(role)));
            }

            Sessions.Demand(await users.AddToRoleAsync(account, role));
        }, cancellation);
    }

    private static async Task<Account> CreateAsync(IServiceProvider services, string address, string password, Func<Account, Task> completeAsync, CancellationToken cancellation)
    {
        var (db, users) = (services.GetRequiredService<PortalDbContext>(), services.GetRequiredService<UserManager<Account>>());
        var account = new Account("sv", services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime) { Email = address, EmailConfirmed = true };
        account.PasswordHash = users.PasswordHasher.HashPassword(account, Passwords.Normal(password)!);
        await using var transaction = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(cancellation) : null;
        Sessions.Demand(await users.CreateAsync(account));
        await completeAsync(account);
        await (transaction?.CommitAsync(cancellation) ?? Task.CompletedTask);
        return account;
    }

    private static async Task MakeAsync(IServiceProvider services, DbConnection kalejdo, string password, CancellationToken cancellation)
    {
        // One: of two nodes that start at once, the other waits here and then finds them all.
        await using var transaction = await services.GetRequiredService<PortalDbContext>().Database.BeginTransactionAsync(cancellation);
        if (!await HasAccountAsync(services, Ready.OwnEmail, cancellation) && await DemoDatabase.HoldsAsync(kalejdo, Ready, cancellation))
        {
            await CreateAsync(services, Ready, password, cancellation);
        }

        foreach (var (address, role) in new[] { (CaseWorker, StaffRoles.CaseWorker), (Administrator, StaffRoles.Administrator) })
        {
            if (!await HasAccountAsync(services, address, cancellation))
            {
                await CreateStaffAsync(services, address, role, password, cancellation);
            }
        }

        await transaction.CommitAsync(cancellation);
    }

    private static async Task PrintAsync(IServiceProvider services, DbConnection kalejdo, int subscribers, string password, CancellationToken cancellation)
    {
        Console.WriteLine($"The portal with demonstration data: {services.GetRequiredService<IOptions<PortalOptions>>().Value.PublicAddress}");
        if (await HasAccountAsync(services, Ready.OwnEmail, cancellation))
        {
            Console.WriteLine($"  subscriber     {Ready.OwnEmail}");
        }

        Console.WriteLine($"""
              case worker    {CaseWorker}
              administrator  {Administrator}
              password       {password} (of them all, until changed)
              Staff set up an authenticator app at their first sign-in; without one: oathtool --totp -b KEY
            """);
        for (var number = (int)DemoCase.Ordinary; number <= subscribers; number += DemoSubscriber.Cases)
        {
            if (new DemoSubscriber(number) is var fresh && !await HasAccountAsync(services, fresh.OwnEmail, cancellation) && await DemoDatabase.HoldsAsync(kalejdo, fresh, cancellation))
            {
                Console.WriteLine($"  to register    {fresh.OwnEmail}, customer number {fresh.CustomerNumber} or box code {fresh.BoxCode}");
                break;
            }
        }
    }

    // Linked to a number that may be a real customer's by now.
    private static async Task RemoveAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var (db, users) = (services.GetRequiredService<PortalDbContext>(), services.GetRequiredService<UserManager<Account>>());
        var normal = Addresses.Select(users.NormalizeEmail).ToList();
        if (await db.Users.Where(row => normal.Contains(row.NormalizedEmail)).ExecuteDeleteAsync(cancellation) > 0)
        {
            await Console.Error.WriteLineAsync("This is no demonstration any more: its accounts, whose password is public, were removed.");
        }
    }

    private static Task<bool> HasAccountAsync(IServiceProvider services, string address, CancellationToken cancellation)
    {
        var normal = services.GetRequiredService<UserManager<Account>>().NormalizeEmail(address);
        return services.GetRequiredService<PortalDbContext>().Users.AnyAsync(row => row.NormalizedEmail == normal, cancellation);
    }
}
