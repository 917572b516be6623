using System.Globalization;
using Kalejdo.Portal.Benchmarks.Data;

namespace Kalejdo.Portal.Benchmarks.ByHand;

/// <summary>
/// The first page of a viewing history as an engineer who knows the tables would read it: the newest rows by the index, the names of
/// their channels, how many rows there are in all and how many are other people's of the household.
/// </summary>
internal sealed class HandPage(DataSet data)
{
    public sealed record Row(long Id, long Profile, long Channel, string Programme, string WatchedAt, long Seconds, string ChannelName);

    public sealed record Page(IReadOnlyList<Row> Rows, bool More, long Listed, long Household);

    public async Task<Page> FirstAsync(int size, CancellationToken cancellationToken)
    {
        await using var db = await Queries.BeginAsync(data, write: false, cancellationToken);
        var email = db.List(HandAccess.LowerForms(data.Email));
        var profiles = await db.ListAsync(
            $"SELECT p.id, p.is_own FROM subscriber s JOIN tv_profile p ON p.subscriber_id = s.id WHERE s.customer_number = {db.Value(data.CustomerNumber)} OR (lower(trim(s.email)) IN {email} AND s.email_verified_at IS NOT NULL)",
            row => (Id: row.GetInt64(0), Own: row.GetBoolean(1)), cancellationToken);
        var own = profiles.Where(p => p.Own).Select(p => p.Id).ToList();
        // One profile in nearly every case: its index has the order already.
        var rows = new List<Row>();
        foreach (var profile in own)
        {
            rows.AddRange(await db.ListAsync(
                $"SELECT h.id, h.profile_id, h.channel_id, h.programme, h.watched_at, h.seconds, c.name FROM viewing_history h JOIN channel c ON c.id = h.channel_id WHERE h.profile_id = {db.Value(profile)} ORDER BY h.watched_at DESC, h.id LIMIT {size + 1}",
                row => new Row(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetString(3), Iso(row), row.GetInt64(5), row.GetString(6)), cancellationToken));
        }
        if (own.Count > 1)
        {
            rows = [.. rows.OrderByDescending(r => r.WatchedAt, StringComparer.Ordinal).ThenBy(r => r.Id).Take(size + 1)];
        }
        var counts = await db.ListAsync(
            $"SELECT profile_id, count(*) FROM viewing_history WHERE profile_id IN {db.List(profiles.ConvertAll(p => p.Id))} GROUP BY profile_id", row => (Profile: row.GetInt64(0), Rows: row.GetInt64(1)), cancellationToken);
        return new Page(
            [.. rows.Take(size)], rows.Count > size, counts.Where(c => own.Contains(c.Profile)).Sum(c => c.Rows), counts.Where(c => !own.Contains(c.Profile)).Sum(c => c.Rows));

        string Iso(System.Data.Common.DbDataReader row) => data.IsSqlite
            ? row.GetString(4).Replace(' ', 'T')
            : row.GetDateTime(4).ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
    }
}
