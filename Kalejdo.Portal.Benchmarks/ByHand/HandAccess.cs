using System.Data.Common;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kalejdo.Portal.Benchmarks.Data;

namespace Kalejdo.Portal.Benchmarks.ByHand;

/// <summary>
/// What an engineer who knows Kalejdo's tables would write for a subject access request: one snapshot, a query a table by the ids of
/// the one above, each row from reader to writer with typed getters. The same document as the engine's, byte for byte.
/// </summary>
internal sealed class HandAccess(DataSet data)
{
    private const int FlushAt = 64 * 1024;

    /// <summary>How a column is read and written.</summary>
    private enum As
    {
        Number,
        Text,
        Money,
        Day,
        Instant,
        Flag,
    }

    public async Task WriteJsonAsync(Stream output, CancellationToken cancellationToken)
    {
        await using var db = await Queries.BeginAsync(data, write: false, cancellationToken);
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartObject("identity");
        json.WriteString("customer_number", data.CustomerNumber);
        json.WriteString("email", data.Email);
        json.WriteEndObject();
        json.WriteStartObject("collections");

        var email = db.List(LowerForms(data.Email));
        var known = new HashSet<string>([data.Email.Trim().ToLowerInvariant()]);
        List<long> subscribers = [], subscriptions = [], homes = [], members = [], devices = [], profiles = [], players = [], tickets = [], invoices = [];

        await TableAsync(
            "subscriber", $"customer_number = {db.Value(data.CustomerNumber)} OR (lower(trim(email)) IN {email} AND email_verified_at IS NOT NULL)", "id",
            ["id", "customer_number", "full_name", "company_name", "organisation_number", "contact_person", "phone", "email", "email_verified_at", "language", "protected_identity", "created_at", "installation_address_id"],
            [As.Number, As.Text, As.Text, As.Text, As.Text, As.Text, As.Text, As.Text, As.Instant, As.Text, As.Flag, As.Instant, As.Number],
            row =>
            {
                subscribers.Add(row.GetInt64(0));
                if (!row.IsDBNull(7))
                {
                    known.Add(row.GetString(7).Trim().ToLowerInvariant());
                }
            });
        var ofSubscriber = $"subscriber_id IN {db.List(subscribers)}";
        await TableAsync(
            "installation_address",
            $"id IN (SELECT installation_address_id FROM subscriber WHERE id IN {db.List(subscribers)} UNION SELECT installation_address_id FROM subscription WHERE {ofSubscriber})", "id",
            ["id", "street", "apartment_number", "postal_code", "city"], [As.Number, As.Text, As.Text, As.Text, As.Text]);
        await TableAsync(
            "subscription", ofSubscriber, "id",
            ["id", "subscriber_id", "installation_address_id", "service", "plan_name", "starts_on", "ends_on", "monthly_fee", "balance_owed"],
            [As.Number, As.Number, As.Number, As.Text, As.Text, As.Day, As.Day, As.Money, As.Money], row => subscriptions.Add(row.GetInt64(0)));
        await TableAsync(
            "consent", ofSubscriber, "id", ["id", "subscriber_id", "purpose", "given_at", "withdrawn_at"], [As.Number, As.Number, As.Text, As.Instant, As.Instant]);
        await TableAsync(
            "ip_assignment", ofSubscriber, "assigned_at DESC, id",
            ["id", "subscriber_id", "ip_address", "subscriber_name", "assigned_at", "released_at"], [As.Number, As.Number, As.Text, As.Text, As.Instant, As.Instant]);

        var ofSubscription = $"subscription_id IN {db.List(subscriptions)}";
        var ownProfiles = $"profile_id IN (SELECT id FROM tv_profile WHERE {ofSubscriber} AND is_own)";
        await TableAsync(
            "device_model",
            $"code IN (SELECT device_model_code FROM tv_box WHERE {ofSubscription} UNION SELECT device_model_code FROM device WHERE smart_home_id IN (SELECT id FROM smart_home WHERE {ofSubscription}))",
            data.IsSqlite ? "rowid" : "code", ["code", "manufacturer", "name"], [As.Text, As.Text, As.Text]);
        await TableAsync(
            "channel",
            $"id IN (SELECT channel_id FROM favourite WHERE {ownProfiles} UNION SELECT channel_id FROM recording WHERE {ownProfiles} UNION SELECT channel_id FROM viewing_history WHERE {ownProfiles})", "id",
            ["id", "number", "name"], [As.Number, As.Number, As.Text]);
        await TableAsync(
            "tv_box", ofSubscription, "id", ["id", "subscription_id", "device_model_code", "serial", "box_code", "installed_on", "last_seen_at"],
            [As.Number, As.Number, As.Text, As.Text, As.Text, As.Day, As.Instant]);
        await TableAsync(
            "tv_profile", ofSubscriber, "id", ["id", "subscriber_id", "name", "is_own", "birth_year", "created_at"],
            [As.Number, As.Number, As.Text, As.Flag, As.Number, As.Instant], row => AddIfOwn(profiles, row), IsOfAMember);
        var ofProfile = $"profile_id IN {db.List(profiles)}";
        await TableAsync(
            "favourite", ofProfile, data.IsSqlite ? "added_at DESC, rowid" : "added_at DESC, profile_id, channel_id", ["profile_id", "channel_id", "added_at"], [As.Number, As.Number, As.Instant]);
        await TableAsync(
            "recording", ofProfile, "recorded_at DESC, id", ["id", "profile_id", "channel_id", "programme", "recorded_at", "seconds"],
            [As.Number, As.Number, As.Number, As.Text, As.Instant, As.Number]);
        await TableAsync(
            "viewing_history", ofProfile, "watched_at DESC, id", ["id", "profile_id", "channel_id", "programme", "watched_at", "seconds"],
            [As.Number, As.Number, As.Number, As.Text, As.Instant, As.Number]);

        await TableAsync(
            "smart_home", ofSubscription, "id", ["id", "subscription_id", "name", "app_code", "created_at"], [As.Number, As.Number, As.Text, As.Text, As.Instant],
            row => homes.Add(row.GetInt64(0)));
        var ofHome = $"smart_home_id IN {db.List(homes)}";
        await TableAsync(
            "home_member", ofHome, "id", ["id", "smart_home_id", "name", "is_own", "role", "added_at"],
            [As.Number, As.Number, As.Text, As.Flag, As.Text, As.Instant], row => AddIfOwn(members, row), IsOfAMember);
        await TableAsync(
            "presence", $"home_member_id IN {db.List(members)}", "arrived_at DESC, id", ["id", "home_member_id", "arrived_at", "left_at"],
            [As.Number, As.Number, As.Instant, As.Instant]);
        await TableAsync(
            "device", ofHome, "id", ["id", "smart_home_id", "device_model_code", "name", "room", "serial", "added_at"],
            [As.Number, As.Number, As.Text, As.Text, As.Text, As.Text, As.Instant], row => devices.Add(row.GetInt64(0)));
        await TableAsync(
            "device_event", $"device_id IN {db.List(devices)}", "occurred_at DESC, id", ["id", "device_id", "event", "reading", "occurred_at"],
            [As.Number, As.Number, As.Text, As.Text, As.Instant]);
        await TableAsync(
            "automation", ofHome, "id", ["id", "smart_home_id", "trigger_device_id", "name", "rule", "enabled"],
            [As.Number, As.Number, As.Number, As.Text, As.Text, As.Flag]);

        await TableAsync(
            "game_player", $"lower(trim(email)) IN {email}", "id", ["id", "email", "email_verified_at", "nickname", "registered_at"],
            [As.Number, As.Text, As.Instant, As.Text, As.Instant], row => players.Add(row.GetInt64(0)));
        await TableAsync(
            "game_score", $"player_id IN {db.List(players)}", "played_at DESC, id", ["id", "player_id", "level", "points", "played_at"],
            [As.Number, As.Number, As.Text, As.Number, As.Instant]);

        // A ticket of the subscriber's may have been written by somebody else: listed without that person's details, and no further.
        await TableAsync(
            "support_ticket", $"{ofSubscriber} OR lower(trim(contact_email)) IN {email}", "opened_at DESC, id",
            ["id", "ticket_number", "subscriber_id", "contact_name", "contact_email", "subject", "status", "opened_at", "closed_at"],
            [As.Number, As.Text, As.Number, As.Text, As.Text, As.Text, As.Text, As.Instant, As.Instant],
            row =>
            {
                if (!IsAnothers(row))
                {
                    tickets.Add(row.GetInt64(0));
                }
            },
            (row, column) => column is 3 or 4 or 5 && IsAnothers(row));
        await TableAsync(
            "support_message", $"ticket_id IN {db.List(tickets)}", "sent_at DESC, id", ["id", "ticket_id", "author", "body", "sent_at"],
            [As.Number, As.Number, As.Text, As.Text, As.Instant]);
        await TableAsync(
            "fault_report", ofSubscription, "reported_at DESC, id",
            ["id", "subscription_id", "reporter_name", "reporter_phone", "description", "fault", "reported_at", "repaired_at"],
            [As.Number, As.Number, As.Text, As.Text, As.Text, As.Text, As.Instant, As.Instant]);
        await TableAsync(
            "newsletter_consent", $"lower(trim(email)) IN {email}", data.IsSqlite ? "rowid" : "email",
            ["email", "name", "source", "given_at", "confirmed_at", "withdrawn_at"], [As.Text, As.Text, As.Text, As.Instant, As.Instant, As.Instant]);
        await TableAsync(
            "invoice", ofSubscriber, "invoice_date DESC, id",
            ["id", "subscriber_id", "invoice_number", "name", "street", "postal_code", "city", "invoice_date", "due_date", "amount", "paid_amount", "paid_on"],
            [As.Number, As.Number, As.Text, As.Text, As.Text, As.Text, As.Text, As.Day, As.Day, As.Money, As.Money, As.Day], row => invoices.Add(row.GetInt64(0)));
        await TableAsync(
            "invoice_line", $"invoice_id IN {db.List(invoices)}", data.IsSqlite ? "rowid" : "invoice_id, line_number",
            ["invoice_id", "line_number", "description", "quantity", "unit_price", "vat_percent", "amount"],
            [As.Number, As.Number, As.Text, As.Number, As.Money, As.Number, As.Money]);

        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);

        static void AddIfOwn(List<long> ids, DbDataReader row)
        {
            if (row.GetBoolean(3))
            {
                ids.Add(row.GetInt64(0));
            }
        }

        // Of other people in the household the name alone.
        static bool IsOfAMember(DbDataReader row, int column) => column > 3 && !row.GetBoolean(3);

        bool IsAnothers(DbDataReader row) => !row.IsDBNull(4) && row.GetString(4).Trim().ToLowerInvariant() is { Length: > 0 } written && !known.Contains(written);

        async Task TableAsync(
            string table, string where, string order, string[] columns, As[] types, Action<DbDataReader>? also = null, Func<DbDataReader, int, bool>? withheld = null)
        {
            json.WriteStartArray($"kalejdo.{table}");
            var names = Array.ConvertAll(columns, column => JsonEncodedText.Encode(column));
            await using var reader = await db.ReadAsync($"SELECT {string.Join(", ", columns)} FROM {table} WHERE {where} ORDER BY {order}", cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                also?.Invoke(reader);
                json.WriteStartObject();
                for (var i = 0; i < types.Length; i++)
                {
                    json.WritePropertyName(names[i]);
                    if (reader.IsDBNull(i) || withheld?.Invoke(reader, i) == true)
                    {
                        json.WriteNullValue();
                    }
                    else if (data.IsSqlite)
                    {
                        WriteSqlite(json, reader, i, types[i]);
                    }
                    else
                    {
                        WritePostgres(json, reader, i, types[i]);
                    }
                }
                json.WriteEndObject();
                if (json.BytesPending > FlushAt)
                {
                    await json.FlushAsync(cancellationToken);
                }
            }
            json.WriteEndArray();
        }
    }

    // SQLite's lower() knows ASCII alone.
    internal static List<string> LowerForms(string email)
    {
        List<string> forms = [""];
        foreach (var letter in email.Trim().ToLowerInvariant())
        {
            forms = letter > 127 ? [.. forms.SelectMany(f => new[] { f + letter, f + char.ToUpperInvariant(letter) })] : forms.ConvertAll(f => f + letter);
        }
        return forms;
    }

    private static void WriteSqlite(Utf8JsonWriter json, DbDataReader reader, int i, As type)
    {
        switch (type)
        {
            case As.Number:
                json.WriteNumberValue(reader.GetInt64(i));
                break;
            case As.Money:
                json.WriteStringValue(reader.GetDouble(i).ToString("R", CultureInfo.InvariantCulture));
                break;
            case As.Flag:
                json.WriteBooleanValue(reader.GetInt64(i) != 0);
                break;
            case As.Instant:
                // yyyy-MM-dd HH:mm:ss is ISO 8601 but for its blank.
                Span<char> iso = stackalloc char[19];
                reader.GetString(i).CopyTo(iso);
                iso[10] = 'T';
                json.WriteStringValue(iso);
                break;
            default:
                json.WriteStringValue(reader.GetString(i));
                break;
        }
    }

    private static void WritePostgres(Utf8JsonWriter json, DbDataReader reader, int i, As type)
    {
        switch (type)
        {
            case As.Number:
                json.WriteNumberValue(reader.GetInt64(i));
                break;
            case As.Money:
                json.WriteStringValue(reader.GetDecimal(i).ToString(CultureInfo.InvariantCulture));
                break;
            case As.Flag:
                json.WriteBooleanValue(reader.GetBoolean(i));
                break;
            case As.Day:
                Span<char> day = stackalloc char[10];
                reader.GetFieldValue<DateOnly>(i).TryFormat(day, out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
                json.WriteStringValue(day);
                break;
            case As.Instant:
                json.WriteStringValue(reader.GetDateTime(i));
                break;
            default:
                json.WriteStringValue(reader.GetString(i));
                break;
        }
    }
}
