namespace Kalejdo.Portal.Benchmarks.Data;

/// <summary>
/// Keeps a copy of the subject's rows beside the tables and puts them back after each erasure, so that every round erases the same.
/// A run that was broken off is repaired by the next one.
/// </summary>
internal static class Subject
{
    // Referenced tables before those that refer to them, each with the condition that a row is the subject's.
    private static readonly (string Table, string Key, string Condition)[] s_tables =
    [
        ("installation_address", "id", $"id IN (SELECT installation_address_id FROM subscriber WHERE {Mine} UNION SELECT installation_address_id FROM subscription WHERE {Of("subscriber", "subscriber_id")})"),
        ("subscriber", "id", Mine),
        ("subscription", "id", Of("subscriber", "subscriber_id")),
        ("consent", "id", Of("subscriber", "subscriber_id")),
        ("ip_assignment", "id", Of("subscriber", "subscriber_id")),
        ("tv_box", "id", OfSubscription),
        ("tv_profile", "id", Of("subscriber", "subscriber_id")),
        ("favourite", "profile_id, channel_id", OfProfile),
        ("recording", "id", OfProfile),
        ("viewing_history", "id", OfProfile),
        ("smart_home", "id", OfSubscription),
        ("home_member", "id", OfHome),
        ("presence", "id", $"home_member_id IN (SELECT id FROM home_member WHERE {OfHome})"),
        ("device", "id", OfHome),
        ("device_event", "id", $"device_id IN (SELECT id FROM device WHERE {OfHome})"),
        ("automation", "id", OfHome),
        ("game_player", "id", "email = '{email}'"),
        ("game_score", "id", "player_id IN (SELECT id FROM game_player WHERE email = '{email}')"),
        ("support_ticket", "id", OfTicket),
        ("support_message", "id", $"ticket_id IN (SELECT id FROM support_ticket WHERE {OfTicket})"),
        ("fault_report", "id", OfSubscription),
        ("newsletter_consent", "email", "email = '{email}'"),
        ("invoice", "id", Of("subscriber", "subscriber_id")),
        ("invoice_line", "invoice_id, line_number", $"invoice_id IN (SELECT id FROM invoice WHERE {Of("subscriber", "subscriber_id")})"),
    ];

    private const string Mine = "customer_number = '{number}'";

    private static string OfSubscription => $"subscription_id IN (SELECT id FROM subscription WHERE {Of("subscriber", "subscriber_id")})";

    private static string OfProfile => $"profile_id IN (SELECT id FROM tv_profile WHERE {Of("subscriber", "subscriber_id")})";

    private static string OfHome => $"smart_home_id IN (SELECT id FROM smart_home WHERE {OfSubscription})";

    private static string OfTicket => $"({Of("subscriber", "subscriber_id")} OR contact_email = '{{email}}')";

    private static string Of(string table, string column) => $"{column} IN (SELECT id FROM {table} WHERE {Mine})";

    public static Task KeepAsync(DataSet data, CancellationToken cancellationToken) => data.ExecuteAsync(
        // Invented values of letters, digits and dots.
        s_tables.Select(t => $"CREATE TABLE IF NOT EXISTS kept_{t.Table} AS SELECT * FROM {t.Table} WHERE {t.Condition.Replace("{number}", data.CustomerNumber, StringComparison.Ordinal).Replace("{email}", data.Email, StringComparison.Ordinal)}"),
        cancellationToken);

    /// <summary>Puts the rows back as they were; nothing where none are kept.</summary>
    public static async Task PutBackAsync(DataSet data, CancellationToken cancellationToken)
    {
        if (!await AnyKeptAsync(data, cancellationToken))
        {
            return;
        }
        await data.ExecuteAsync(
        [
            data.IsSqlite ? "BEGIN IMMEDIATE" : "BEGIN",
            .. s_tables.Reverse().Select(t => $"DELETE FROM {t.Table} WHERE ({t.Key}) IN (SELECT {t.Key} FROM kept_{t.Table})"),
            .. s_tables.Select(t => $"INSERT INTO {t.Table} SELECT * FROM kept_{t.Table}"),
            "COMMIT",
        ], cancellationToken);
        // What the last round left to be cleaned up would be done in the middle of the next one.
        await data.ExecuteAsync(data.IsSqlite ? ["PRAGMA wal_checkpoint(TRUNCATE)"] : ["VACUUM viewing_history", "CHECKPOINT"], cancellationToken);
    }

    public static async Task ForgetAsync(DataSet data, CancellationToken cancellationToken)
    {
        await PutBackAsync(data, cancellationToken);
        await data.ExecuteAsync(s_tables.Select(t => $"DROP TABLE kept_{t.Table}"), cancellationToken);
    }

    private static async Task<bool> AnyKeptAsync(DataSet data, CancellationToken cancellationToken)
    {
        await using var connection = data.NewConnection();
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        // The last table to be kept is the first to be missing.
        command.CommandText = data.IsSqlite ? "SELECT name FROM sqlite_master WHERE name = 'kept_invoice_line'" : "SELECT to_regclass('kept_invoice_line')::text";
        return await command.ExecuteScalarAsync(cancellationToken) is string;
    }
}
