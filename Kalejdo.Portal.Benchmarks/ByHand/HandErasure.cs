using System.Globalization;
using Kalejdo.Portal.Benchmarks.Data;

namespace Kalejdo.Portal.Benchmarks.ByHand;

/// <summary>
/// What an engineer who knows Kalejdo's tables and the rules of its map would write for an erasure: one transaction, children before
/// parents, a statement a table, what the law keeps kept. The same rows as the engine's are deleted and masked.
/// </summary>
internal sealed class HandErasure(DataSet data)
{
    /// <returns>How many rows were deleted or masked.</returns>
    public async Task<long> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var db = await Queries.BeginAsync(data, write: true, cancellationToken);
        var changed = 0L;
        var email = db.List(HandAccess.LowerForms(data.Email));
        var today = Day(DataSet.Today);
        var mine = await db.ListAsync(
            $"SELECT id, email, installation_address_id FROM subscriber WHERE customer_number = {db.Value(data.CustomerNumber)} OR (lower(trim(email)) IN {email} AND email_verified_at IS NOT NULL)",
            row => (Id: row.GetInt64(0), Email: row.IsDBNull(1) ? null : row.GetString(1).Trim().ToLowerInvariant(), Address: row.IsDBNull(2) ? (long?)null : row.GetInt64(2)), cancellationToken);
        var subscribers = db.List(mine.ConvertAll(s => s.Id));
        var agreements = await db.ListAsync(
            $"SELECT id, installation_address_id FROM subscription WHERE subscriber_id IN {subscribers}",
            row => (Id: row.GetInt64(0), Address: row.IsDBNull(1) ? (long?)null : row.GetInt64(1)), cancellationToken);
        var subscriptions = db.List(agreements.ConvertAll(s => s.Id));
        var addresses = mine.Select(s => s.Address).Concat(agreements.Select(s => s.Address)).OfType<long>().Distinct().ToList();
        // Where somebody else lives too it stays as it is.
        var ownAddresses = db.List(await db.IdsAsync(
            $"SELECT id FROM installation_address a WHERE id IN {db.List(addresses)} AND NOT EXISTS (SELECT 1 FROM subscriber x WHERE x.installation_address_id = a.id AND x.id NOT IN {subscribers}) AND NOT EXISTS (SELECT 1 FROM subscription x WHERE x.installation_address_id = a.id AND x.subscriber_id NOT IN {subscribers})",
            cancellationToken));

        await ChangeAsync($"DELETE FROM consent WHERE subscriber_id IN {subscribers}");
        await ChangeAsync($"DELETE FROM ip_assignment WHERE subscriber_id IN {subscribers} AND released_at < {Instant(DataSet.Today.AddMonths(-10))}");
        await ChangeAsync($"DELETE FROM tv_box WHERE subscription_id IN {subscriptions} AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.id = subscription_id AND (s.ends_on IS NULL OR s.ends_on >= {today}))");

        var profiles = db.List(await db.IdsAsync($"SELECT id FROM tv_profile WHERE subscriber_id IN {subscribers}", cancellationToken));
        await ChangeAsync($"DELETE FROM favourite WHERE profile_id IN {profiles}");
        await ChangeAsync($"DELETE FROM recording WHERE profile_id IN {profiles}");
        await ChangeAsync($"DELETE FROM viewing_history WHERE profile_id IN {profiles}");
        await ChangeAsync($"DELETE FROM tv_profile WHERE id IN {profiles}");

        var homes = db.List(await db.IdsAsync($"SELECT id FROM smart_home WHERE subscription_id IN {subscriptions}", cancellationToken));
        await ChangeAsync($"DELETE FROM presence WHERE home_member_id IN (SELECT id FROM home_member WHERE smart_home_id IN {homes})");
        await ChangeAsync($"DELETE FROM automation WHERE smart_home_id IN {homes}");
        await ChangeAsync($"DELETE FROM device_event WHERE device_id IN (SELECT id FROM device WHERE smart_home_id IN {homes})");
        await ChangeAsync($"DELETE FROM device WHERE smart_home_id IN {homes}");
        await ChangeAsync($"DELETE FROM home_member WHERE smart_home_id IN {homes}");
        await ChangeAsync($"DELETE FROM smart_home WHERE id IN {homes}");

        var players = db.List(await db.IdsAsync($"SELECT id FROM game_player WHERE lower(trim(email)) IN {email}", cancellationToken));
        await ChangeAsync($"DELETE FROM game_score WHERE player_id IN {players}");
        await ChangeAsync($"DELETE FROM game_player WHERE id IN {players}");

        // A ticket that somebody else wrote is that person's; one that is disputed stays.
        var known = mine.Select(s => s.Email).OfType<string>().Append(data.Email.Trim().ToLowerInvariant()).ToHashSet();
        var ended = db.List((await db.ListAsync(
            $"SELECT id, contact_email FROM support_ticket WHERE (subscriber_id IN {subscribers} OR lower(trim(contact_email)) IN {email}) AND status <> 'disputed'",
            row => (Id: row.GetInt64(0), Email: row.IsDBNull(1) ? "" : row.GetString(1).Trim().ToLowerInvariant()), cancellationToken))
            .Where(t => t.Email == "" || known.Contains(t.Email)).Select(t => t.Id).ToList());
        await ChangeAsync($"DELETE FROM support_message WHERE ticket_id IN {ended}");
        await ChangeAsync($"DELETE FROM support_ticket WHERE id IN {ended}");

        await ChangeAsync($"UPDATE fault_report SET subscription_id = NULL, reporter_name = 'Raderad', reporter_phone = NULL, description = NULL WHERE subscription_id IN {subscriptions}");
        await ChangeAsync($"DELETE FROM newsletter_consent WHERE lower(trim(email)) IN {email}");

        // Seven years after the end of the calendar year.
        var booksFrom = Day(new DateOnly(DataSet.Today.Year - 7, 1, 1));
        await ChangeAsync($"DELETE FROM invoice_line WHERE invoice_id IN (SELECT id FROM invoice WHERE subscriber_id IN {subscribers} AND invoice_date < {booksFrom})");
        await ChangeAsync($"DELETE FROM invoice WHERE subscriber_id IN {subscribers} AND invoice_date < {booksFrom}");

        var running = $"(s.ends_on IS NULL OR s.ends_on >= {today} OR s.balance_owed > 0)";
        await ChangeAsync($"DELETE FROM subscription AS s WHERE id IN {subscriptions} AND NOT {running}");
        await ChangeAsync($"DELETE FROM subscriber AS p WHERE id IN {subscribers} AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.subscriber_id = p.id) AND NOT EXISTS (SELECT 1 FROM invoice i WHERE i.subscriber_id = p.id) AND NOT EXISTS (SELECT 1 FROM ip_assignment i WHERE i.subscriber_id = p.id) AND NOT EXISTS (SELECT 1 FROM support_ticket t WHERE t.subscriber_id = p.id)");
        // Others' tickets hold the row, but are no ground to leave it as it is.
        await ChangeAsync($"UPDATE subscriber AS p SET customer_number = {RandomText}, full_name = 'Raderad', company_name = NULL, organisation_number = NULL, contact_person = NULL, phone = NULL, email = NULL, email_verified_at = NULL, language = NULL, installation_address_id = NULL WHERE id IN {subscribers} AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.subscriber_id = p.id) AND NOT EXISTS (SELECT 1 FROM support_ticket t WHERE t.subscriber_id = p.id AND t.status = 'disputed')");
        await ChangeAsync($"DELETE FROM installation_address AS a WHERE id IN {ownAddresses} AND NOT EXISTS (SELECT 1 FROM subscriber x WHERE x.installation_address_id = a.id) AND NOT EXISTS (SELECT 1 FROM subscription x WHERE x.installation_address_id = a.id)");
        await ChangeAsync($"UPDATE installation_address AS a SET street = 'Raderad', apartment_number = NULL, postal_code = '00000', city = 'Raderad' WHERE id IN {ownAddresses} AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.installation_address_id = a.id)");
        await db.CommitAsync(cancellationToken);
        return changed;

        async Task ChangeAsync(string sql) => changed += await db.ExecuteAsync(sql, cancellationToken);

        string Day(DateOnly day) => db.Value(data.IsSqlite ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : day);

        string Instant(DateOnly day)
        {
            var start = TimeZoneInfo.ConvertTimeToUtc(day.ToDateTime(TimeOnly.MinValue), TimeZoneInfo.FindSystemTimeZoneById("Europe/Stockholm"));
            return db.Value(data.IsSqlite ? start.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : start);
        }
    }

    // A random text a row, which may not meet another's.
    private string RandomText => data.IsSqlite
        ? "lower(hex(randomblob(8)))"
        : "left(replace(gen_random_uuid()::text, '-', ''), 16)";
}
