namespace Kalejdo.Portal.DataMap;

/// <summary>A text for people, in the portal's two languages.</summary>
public sealed record LocalText(string Sv, string En)
{
    /// <summary>The text in <paramref name="language"/> ("en", otherwise Swedish).</summary>
    public string In(string language) => language == "en" ? En : Sv;
}

/// <summary>The lines of a map file that an entry takes up.</summary>
/// <param name="First">The line it begins on, counted from 1.</param>
/// <param name="Last">The line it ends on.</param>
/// <param name="Indent">How many blanks (and the dash) stand before its keys.</param>
public sealed record EntryLines(int First, int Last, int Indent);

/// <summary>All that the map files say together: Fideslang datasets and systems with the portal's additions.</summary>
public sealed record Map(
    IReadOnlyList<Dataset> Datasets,
    IReadOnlyList<FidesSystem> Systems,
    IReadOnlyList<Service> Services,
    IReadOnlyList<Kind> Kinds,
    IReadOnlyDictionary<string, RetentionRule> Retention)
{
    /// <summary>The collections of all datasets, in file order.</summary>
    public IEnumerable<Collection> Collections => Datasets.SelectMany(dataset => dataset.Collections);

    /// <summary>The names of the identities that find rows, in file order.</summary>
    public IReadOnlyList<string> IdentityNames { get; } =
        [.. Datasets.SelectMany(d => d.Collections).SelectMany(c => c.Fields).Select(f => f.Identity).OfType<string>().Distinct()];

    /// <summary>The collection called <paramref name="name"/> in the dataset <paramref name="dataset"/>, if the map has it.</summary>
    public Collection? Find(string dataset, string name) =>
        Datasets.FirstOrDefault(d => d.Key == dataset)?.Collections.FirstOrDefault(c => c.Name == name);

    /// <summary>The declarations that give <paramref name="kind"/> its purposes and legal bases.</summary>
    public IEnumerable<(FidesSystem System, PrivacyDeclaration Declaration)> PurposesOf(Kind kind) =>
        from system in Systems from declaration in system.Declarations where declaration.Kinds.Contains(kind.Key) select (system, declaration);
}

/// <summary>A Fideslang dataset: the part of one database that the map describes.</summary>
/// <param name="Key">Fideslang <c>fides_key</c>.</param>
/// <param name="Schema">Fideslang <c>namespace</c>: the database schema of its tables; null for the default one.</param>
/// <param name="After">Datasets erased before this one.</param>
/// <param name="Annotated">Whether the file says anything under <c>portal:</c>.</param>
public sealed record Dataset(
    string Key,
    string Name,
    string? Description,
    string? Schema,
    IReadOnlyList<string> After,
    IReadOnlyList<Collection> Collections,
    bool Annotated,
    Position At)
{
    /// <summary>Where its file describes it.</summary>
    public EntryLines? Lines { get; init; }
}

/// <summary>What an erasure does with a collection's own rows.</summary>
public enum OnErasure
{
    /// <summary>What Fides means to do: personal fields are nulled or masked, unless the collection's masking strategy is <c>delete</c>.</summary>
    Fides,

    /// <summary>The row goes.</summary>
    Delete,

    /// <summary>The row stays without what points to the person.</summary>
    Anonymise,

    /// <summary>The row stays as long as one of its retention rules holds.</summary>
    Retain,
}

/// <summary>How data came to be; portability (GDPR Art. 20) covers what was provided and observed.</summary>
public enum Origin
{
    /// <summary>The person gave it.</summary>
    Provided,

    /// <summary>It was seen while the person used a service.</summary>
    Observed,

    /// <summary>Somebody concluded it.</summary>
    Derived,
}

/// <summary>A table of a dataset.</summary>
/// <param name="Dataset">The dataset's key.</param>
/// <param name="After">Collections (<c>dataset.collection</c>) processed before this one.</param>
/// <param name="EraseAfter">Collections (<c>dataset.collection</c>) erased before this one.</param>
/// <param name="SkipProcessing">Fideslang <c>skip_processing</c>: the collection is left out of everything.</param>
/// <param name="Retain">The grounds on which rows stay; any that holds keeps the row.</param>
/// <param name="Otherwise">What becomes of a row whose ground has ended.</param>
/// <param name="HouseholdOwn">The column that is true for the subject's own row among the people of a household.</param>
public sealed record Collection(
    string Dataset,
    string Name,
    string? Description,
    IReadOnlyList<Field> Fields,
    IReadOnlyList<string> After,
    IReadOnlyList<string> EraseAfter,
    bool SkipProcessing,
    string? Kind,
    LocalText? Label,
    LocalText? Explain,
    LocalText? Source,
    Origin? Origin,
    OnErasure OnErasure,
    IReadOnlyList<Retain> Retain,
    OnErasure Otherwise,
    string? HouseholdOwn,
    string? NewestFirst,
    bool Anonymous,
    Position At)
{
    /// <summary>The column that says when the row's person began: who came back after an erasure is told by it from who was erased.</summary>
    public string? Since { get; init; }

    /// <summary>The name in answers and steps: <c>dataset.collection</c>.</summary>
    public string Id => $"{Dataset}.{Name}";

    /// <summary>The kind by which a person may choose it: the map's, or the collection's own name.</summary>
    public string KindKey => Kind ?? Name;

    /// <summary>Where its rows are consents: the columns that say so.</summary>
    public ConsentColumns? Consent { get; init; }

    /// <summary>Where its file describes it.</summary>
    public EntryLines? Lines { get; init; }

    /// <summary>The field called <paramref name="name"/>, if the map has it.</summary>
    public Field? Find(string name) => Fields.FirstOrDefault(f => f.Name == name);

    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>The columns of a consent: a row is in force from when it was given until it is withdrawn.</summary>
/// <param name="Given">When it was given.</param>
/// <param name="Withdrawn">When it was withdrawn; empty while it is in force.</param>
/// <param name="Purpose">What it is for, one of the column's <c>values</c>; null where the collection is one consent by itself.</param>
public sealed record ConsentColumns(string Given, string Withdrawn, string? Purpose, Position At);

/// <summary>A ground for keeping a row: a rule and the column that its days count from, or its condition looks at.</summary>
/// <param name="Collection">Another collection (same dataset) that holds the column, one reference away; null for the row's own.</param>
/// <param name="Values">The values of a text column for which the condition holds.</param>
public sealed record Retain(string Rule, string? Collection, string Column, IReadOnlyList<string> Values, Position At);

/// <summary>A column of a collection.</summary>
/// <param name="Categories">Fideslang data categories: the field's own, or else its collection's, or else its dataset's.</param>
/// <param name="Identity">The name of the identity whose value stands here.</param>
/// <param name="IgnoreCase">How the identity is compared: without regard to case and surrounding blanks, or exactly.</param>
/// <param name="VerifiedBy">The column that is filled once the identity's value was verified; an unverified value finds nothing.</param>
/// <param name="Length">The longest value, in characters.</param>
public sealed record Field(
    string Name,
    string? Description,
    IReadOnlyList<string> Categories,
    bool PrimaryKey,
    string? Identity,
    bool IgnoreCase,
    string? VerifiedBy,
    IReadOnlyList<Reference> References,
    string? DataType,
    int? Length,
    bool ReadOnly,
    Masking? Masking,
    LocalText? Label,
    LocalText? Explain,
    Origin? Origin,
    Correction? Correct,
    OnDisavowal? OnDisavowal,
    bool Technical,
    Position At)
{
    /// <summary>Whether the value is about a person: an identity, or of category <c>user</c> or below (whole segments).</summary>
    public bool Personal => Identity is not null || Categories.Any(IsPersonal);

    /// <summary>The names on screen of values that are codes.</summary>
    public IReadOnlyList<Choice> Values { get; init; } = [];

    /// <summary>What a number counts, where people do not count in it themselves.</summary>
    public Unit? Unit { get; init; }

    /// <summary>Where its file describes it.</summary>
    public EntryLines? Lines { get; init; }

    internal static bool IsPersonal(string category) => category == "user" || category.StartsWith("user.", StringComparison.Ordinal);
}

/// <summary>What the numbers of a column count.</summary>
public enum Unit
{
    /// <summary>Shown in hours and minutes.</summary>
    Seconds,
}

/// <summary>The ways along which rows lead to others.</summary>
public enum Direction
{
    /// <summary>Both ways.</summary>
    Both,

    /// <summary>Fideslang <c>from</c>: rows of the named collection lead to rows of the one that holds the reference.</summary>
    From,

    /// <summary>Fideslang <c>to</c>: rows of the one that holds the reference lead to the named collection.</summary>
    To,
}

/// <summary>A Fideslang reference from a field to a field of a collection.</summary>
/// <param name="Group">References of one collection to one target with the same group are AND-ed.</param>
public sealed record Reference(string Dataset, string Collection, string Field, Direction Direction, string? Group, Position At);

/// <summary>A masking strategy, by Fides's names.</summary>
public enum MaskingStrategy
{
    /// <summary><c>null_rewrite</c></summary>
    Null,

    /// <summary><c>string_rewrite</c></summary>
    Rewrite,

    /// <summary><c>random_string_rewrite</c></summary>
    Random,

    /// <summary><c>hash</c> (pseudonymised, not anonymised)</summary>
    Hash,

    /// <summary><c>hmac</c> (pseudonymised, not anonymised)</summary>
    Hmac,

    /// <summary><c>preserve</c></summary>
    Preserve,
}

/// <summary>A field's <c>masking_strategy_override</c>.</summary>
/// <param name="Value">What <c>string_rewrite</c> writes.</param>
/// <param name="Length">How long a random string is.</param>
/// <param name="Suffix"><c>format_preservation.suffix</c>, put behind the masked value.</param>
public sealed record Masking(MaskingStrategy Strategy, string Value, int Length, string Suffix);

/// <summary>How a value is checked when its subject corrects it (GDPR Art. 16).</summary>
/// <param name="Rule"><c>email</c>, <c>phone</c>, <c>name</c>, <c>postal_code</c>, <c>text</c>, <c>date</c> or <c>choice</c>.</param>
/// <param name="ByStaff">The correction is a request that staff decide.</param>
/// <param name="OnlyWith">An empty value is to be filled in only where this column has one, such as a contact person where there is a company.</param>
public sealed record Correction(string Rule, int? Length, IReadOnlyList<Choice> Choices, bool ByStaff, string? OnlyWith = null);

/// <summary>A value of a <c>choice</c> and its name on screen.</summary>
public sealed record Choice(string Value, LocalText Label);

/// <summary>What "this is not my e-mail address" does to the value.</summary>
public enum OnDisavowal
{
    /// <summary>Nulls it.</summary>
    Clear,

    /// <summary>Writes an address that leads nowhere.</summary>
    Placeholder,

    /// <summary>Deletes the row.</summary>
    Delete,
}

/// <summary>A service of Kalejdo's, by which kinds are grouped.</summary>
public sealed record Service(string Key, LocalText Label, Position At);

/// <summary>A kind of data in the person's words.</summary>
/// <param name="Keep">How long it is kept, in words.</param>
public sealed record Kind(
    string Key, string? Service, LocalText? Label, LocalText? Explain, LocalText? Source, LocalText? Keep, Origin? Origin, Position At);

/// <summary>A Fideslang system: why data is processed.</summary>
public sealed record FidesSystem(
    string Key, string Name, string? Description, IReadOnlyList<string> Datasets, IReadOnlyList<PrivacyDeclaration> Declarations, Position At)
{
    /// <summary>What people call it, where the portal's part says so; else there is its name alone.</summary>
    public LocalText? Label { get; init; }

    /// <summary>How the data is protected (GDPR Art. 32): the portal's words, or Fideslang's <c>data_security_practices</c>.</summary>
    public LocalText? Security { get; init; }

    /// <summary>Fideslang <c>does_international_transfers</c>; null where nothing is said.</summary>
    public bool? TransfersAbroad { get; init; }

    /// <summary>Fideslang <c>legal_basis_for_transfers</c>.</summary>
    public IReadOnlyList<string> TransferBases { get; init; } = [];
}

/// <summary>A Fideslang privacy declaration: one purpose of a system and its legal basis.</summary>
/// <param name="LegalBasis">Fideslang <c>legal_basis_for_processing</c>.</param>
/// <param name="Kinds">The kinds whose purpose this is.</param>
public sealed record PrivacyDeclaration(
    string Name,
    string? DataUse,
    IReadOnlyList<string> DataCategories,
    IReadOnlyList<string> DataSubjects,
    string? LegalBasis,
    string? RetentionPeriod,
    IReadOnlyList<string> Kinds,
    LocalText? Purpose,
    Position At);
