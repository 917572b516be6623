using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>What a password is checked against where nobody has the name: it is never right, and takes as long as anybody's.</summary>
internal sealed class NobodysPassword(IOptions<PasswordHasherOptions> options)
{
    private readonly PasswordHasher<Account> hasher = new(options);
    private readonly Account nobody = new("sv", DateTime.UnixEpoch);
    private string? hash;

    public void Check(string password) =>
        hasher.VerifyHashedPassword(nobody, hash ??= hasher.HashPassword(nobody, Guid.NewGuid().ToString()), password);
}
