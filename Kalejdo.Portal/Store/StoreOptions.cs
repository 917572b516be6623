using System.ComponentModel.DataAnnotations;

namespace Kalejdo.Portal.Store;

public sealed class StoreOptions
{
    public const string Section = "Store";

    public const string Sqlite = "sqlite";
    public const string Postgresql = "postgresql";

    /// <summary><see cref="Sqlite"/> or <see cref="Postgresql"/>.</summary>
    public string Provider { get; set; } = Sqlite;

    /// <summary>Whether the provider is <see cref="Postgresql"/>.</summary>
    public bool IsPostgresql => Provider == Postgresql;

    /// <summary>An ADO.NET connection string of the provider.</summary>
    [Required]
    public string ConnectionString { get; set; } = "Data Source=var/portal.db";

    [Required]
    public string KeyFile { get; set; } = "var/keys/portal.key";

    /// <summary>How long the longest-lived backup of any mapped database is kept, in days.</summary>
    [Range(1, 3650)]
    public int LongestBackupDays { get; set; } = 35;

    /// <summary>
    /// How long after their last entry the audit's numbers can be told to be a person. Five years: so long can IMY
    /// impose a fine (6 kap. 4 § dataskyddslagen).
    /// </summary>
    [Range(1, 3653)]
    public int AuditPeopleDays { get; set; } = 1826;
}
