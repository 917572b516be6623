using Kalejdo.Portal.Tests.Support;

// From registering to the receipt, with the portal's store and Kalejdo's database on PostgreSQL.

namespace Kalejdo.Portal.Tests.Features.Accounts
{
    [OnPostgres]
    public sealed class RegistrationOnPostgresTests(AccountPortal portal) : RegistrationTests(portal);

    [OnPostgres]
    public sealed class LinkingOnPostgresTests(AccountPortal portal) : LinkingTests(portal);

    [OnPostgres]
    public sealed class SignInOnPostgresTests(AccountPortal portal) : SignInTests(portal);

    [OnPostgres]
    public sealed class NewPasswordOnPostgresTests(AccountPortal portal) : NewPasswordTests(portal);

    [OnPostgres]
    public sealed class SecondFactorOnPostgresTests(AccountPortal portal) : SecondFactorTests(portal);
}

namespace Kalejdo.Portal.Tests.Features.Correction
{
    [OnPostgres]
    public sealed class CorrectPageOnPostgresTests(SignedInPortal portal) : CorrectPageTests(portal);
}

namespace Kalejdo.Portal.Tests.Features.Erasure
{
    [OnPostgres]
    public sealed class ErasePagesOnPostgresTests(SignedInPortal portal) : ErasePagesTests(portal);

    [OnPostgres]
    public sealed class UndoErasureOnPostgresTests : UndoErasureTests;

    [OnPostgres]
    public sealed class StaffErasureOnPostgresTests : StaffErasureTests;
}

namespace Kalejdo.Portal.Tests.Features.Staff
{
    [OnPostgres]
    public sealed class PersonnelOnPostgresTests(AccountPortal portal) : PersonnelTests(portal);

    [OnPostgres]
    public sealed class SubscriberOnPostgresTests(AccountPortal portal) : SubscriberTests(portal);
}

namespace Kalejdo.Portal.Tests.Features.NotMyAddress
{
    [OnPostgres]
    public sealed class NotMyAddressOnPostgresTests : NotMyAddressTests;
}
