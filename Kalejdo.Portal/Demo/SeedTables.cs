namespace Kalejdo.Portal.Demo;

/// <summary>Every table of the demo database.</summary>
internal sealed class SeedTables
{
    public SeedTable InstallationAddress { get; } = new("installation_address", "id", "street", "apartment_number", "postal_code", "city");

    public SeedTable Subscriber { get; } = new("subscriber", "id", "customer_number", "full_name", "company_name", "organisation_number", "contact_person", "phone", "email", "email_verified_at", "language", "protected_identity", "created_at", "installation_address_id");

    public SeedTable Subscription { get; } = new("subscription", "id", "subscriber_id", "installation_address_id", "service", "plan_name", "starts_on", "ends_on", "monthly_fee", "balance_owed");

    public SeedTable Consent { get; } = new("consent", "id", "subscriber_id", "purpose", "given_at", "withdrawn_at");

    public SeedTable IpAssignment { get; } = new("ip_assignment", "id", "subscriber_id", "subscriber_name", "ip_address", "assigned_at", "released_at");

    public SeedTable DeviceModel { get; } = new("device_model", "code", "manufacturer", "name");

    public SeedTable Channel { get; } = new("channel", "id", "number", "name");

    public SeedTable TvBox { get; } = new("tv_box", "id", "subscription_id", "device_model_code", "serial", "box_code", "installed_on", "last_seen_at");

    public SeedTable TvProfile { get; } = new("tv_profile", "id", "subscriber_id", "name", "is_own", "birth_year", "created_at");

    public SeedTable Favourite { get; } = new("favourite", "profile_id", "channel_id", "added_at");

    public SeedTable Recording { get; } = new("recording", "id", "profile_id", "channel_id", "programme", "recorded_at", "seconds");

    public SeedTable ViewingHistory { get; } = new("viewing_history", "id", "profile_id", "channel_id", "programme", "watched_at", "seconds");

    public SeedTable SmartHome { get; } = new("smart_home", "id", "subscription_id", "name", "app_code", "created_at");

    public SeedTable HomeMember { get; } = new("home_member", "id", "smart_home_id", "name", "is_own", "role", "added_at");

    public SeedTable Presence { get; } = new("presence", "id", "home_member_id", "arrived_at", "left_at");

    public SeedTable Device { get; } = new("device", "id", "smart_home_id", "device_model_code", "name", "room", "serial", "added_at");

    public SeedTable DeviceEvent { get; } = new("device_event", "id", "device_id", "event", "reading", "occurred_at");

    public SeedTable Automation { get; } = new("automation", "id", "smart_home_id", "trigger_device_id", "name", "rule", "enabled");

    public SeedTable GamePlayer { get; } = new("game_player", "id", "email", "email_verified_at", "nickname", "registered_at");

    public SeedTable GameScore { get; } = new("game_score", "id", "player_id", "level", "points", "played_at");

    public SeedTable SupportTicket { get; } = new("support_ticket", "id", "ticket_number", "subscriber_id", "contact_name", "contact_email", "subject", "status", "opened_at", "closed_at");

    public SeedTable SupportMessage { get; } = new("support_message", "id", "ticket_id", "author", "body", "sent_at");

    public SeedTable FaultReport { get; } = new("fault_report", "id", "subscription_id", "reporter_name", "reporter_phone", "description", "fault", "reported_at", "repaired_at");

    public SeedTable NewsletterConsent { get; } = new("newsletter_consent", "email", "name", "source", "given_at", "confirmed_at", "withdrawn_at");

    public SeedTable Invoice { get; } = new("invoice", "id", "subscriber_id", "invoice_number", "name", "street", "postal_code", "city", "invoice_date", "due_date", "amount", "paid_amount", "paid_on");

    public SeedTable InvoiceLine { get; } = new("invoice_line", "invoice_id", "line_number", "description", "quantity", "unit_price", "vat_percent", "amount");

    public SeedTable Telemetry { get; } = new("telemetry", "day", "model", "firmware", "boxes_started", "restarts", "errors");

    /// <summary>Referenced tables before those that refer to them.</summary>
    public IReadOnlyList<SeedTable> ParentsFirst =>
    [
        InstallationAddress, Subscriber, Subscription, Consent, IpAssignment, DeviceModel, Channel, TvBox, TvProfile,
        Favourite, Recording, ViewingHistory, SmartHome, HomeMember, Presence, Device, DeviceEvent, Automation,
        GamePlayer, GameScore, SupportTicket, SupportMessage, FaultReport, NewsletterConsent, Invoice, InvoiceLine, Telemetry,
    ];
}
