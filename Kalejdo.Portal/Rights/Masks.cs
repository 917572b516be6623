using System.Globalization;
using System.Security.Cryptography;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>How one column is overwritten: the new value, whether the old one still has to go, or why it cannot be done.</summary>
/// <param name="Dirty">The condition that the row still holds something to overwrite; null where a look at the row does not tell.</param>
internal sealed record Mask(Field Field, Column Column, string Value, string? Dirty, bool Pseudonym, Refusal? Refusal);

/// <summary>Turns a collection's personal fields into SQL that overwrites them.</summary>
internal sealed class Masks(Session session, Dialect sql)
{
    private (string Inner, string Outer)? hmacKeys;

    public IReadOnlyList<Mask> Of(MappedCollection collection, IReadOnlyCollection<Link> links)
    {
        var references = links.Where(l => l.Child == collection).SelectMany(l => l.ChildColumns)
            .Concat(collection.Table.ForeignKeys.SelectMany(k => k.Columns)).ToHashSet();
        var masks = new List<Mask>();
        foreach (var field in collection.Collection.Fields.Where(f => f.Personal && !f.ReadOnly && f.Masking?.Strategy != MaskingStrategy.Preserve))
        {
            var column = collection.ColumnOf(field);
            var key = collection.Table.PrimaryKey.Contains(column.Name) || (collection.Table.PrimaryKey.Count == 0 && field.PrimaryKey);
            if (column.Generated || (key && field.Identity is null) || (references.Contains(column.Name) && field.Identity is null))
            {
                continue;
            }
            masks.Add(key
                ? new Mask(field, column, "", null, false, new Refusal("the value is part of the row's key and cannot be masked; let the map delete the row ('on_erasure: delete')", $"{collection}.{field.Name}"))
                : MaskOf(collection, field, column));
        }
        return masks;
    }

    private Mask MaskOf(MappedCollection collection, Field field, Column column)
    {
        var name = $"t.{Dialect.Quote(column.Name)}";
        var limit = Math.Min(field.Length ?? int.MaxValue, column.MaxLength ?? int.MaxValue);
        var masking = field.Masking ?? new Masking(MaskingStrategy.Null, "", 0, "");
        Refusal? refusal = null;
        if (masking.Strategy == MaskingStrategy.Null)
        {
            refusal = column.NotNull
                ? new Refusal("the column is NOT NULL and has no mask; give it a 'masking_strategy_override', for example string_rewrite", $"{collection}.{field.Name}")
                : null;
            return new Mask(field, column, "NULL", $"{name} IS NOT NULL", false, refusal);
        }
        if (masking.Strategy == MaskingStrategy.Rewrite)
        {
            var text = Cut(masking.Value, limit - masking.Suffix.Length) + masking.Suffix;
            var parameter = session.Parameter(text);
            if (sql.Comparable(parameter, text, column) is not { } comparable || !Fits(text, column.Type))
            {
                return new Mask(field, column, "", null, false, new Refusal($"the mask's value does not fit a column of type {column.TypeName}", $"{collection}.{field.Name}"));
            }
            if (collection.Table.Indexes.Any(i => i.Unique && i.Columns is [var only] && only == column.Name))
            {
                refusal = new Refusal("the column is unique, but its mask writes the same value to every row; use random_string_rewrite", $"{collection}.{field.Name}");
            }
            return new Mask(field, column, comparable.Expression, $"({name} IS NOT NULL AND {name} <> {comparable.Expression})", false, refusal);
        }
        if (column.Type is not (ColumnType.Text or ColumnType.Other))
        {
            return new Mask(field, column, "", null, false, new Refusal($"the mask writes text, but the column is of type {column.TypeName}; use null_rewrite or string_rewrite with a fitting value", $"{collection}.{field.Name}"));
        }
        var room = limit == int.MaxValue ? limit : Math.Max(limit - masking.Suffix.Length, 1);
        var value = masking.Strategy switch
        {
            MaskingStrategy.Random => sql.RandomText(Math.Min(masking.Length, room)),
            MaskingStrategy.Hash => sql.Sha256(sql.AsText(name)),
            _ => sql.HmacSha256(sql.AsText(name), HmacKeys.Inner, HmacKeys.Outer),
        };
        value = masking.Strategy != MaskingStrategy.Random && room < 64 ? $"substr({value}, 1, {room.ToString(CultureInfo.InvariantCulture)})" : value;
        value = masking.Suffix.Length > 0 ? $"{value} || {session.Parameter(masking.Suffix)}" : value;
        return new Mask(field, column, $"CASE WHEN {name} IS NULL THEN NULL ELSE {value} END", null, masking.Strategy != MaskingStrategy.Random, null);
    }

    /// <summary>A key of this erasure's own, thrown away afterwards: nobody can compute the pseudonyms anew.</summary>
    private (string Inner, string Outer) HmacKeys => hmacKeys ??= NewHmacKeys();

    private (string Inner, string Outer) NewHmacKeys()
    {
        // RFC 2104: a key of the hash's block length, combined with the inner and the outer pad.
        var key = RandomNumberGenerator.GetBytes(64);
        return (session.Parameter(Array.ConvertAll(key, b => (byte)(b ^ 0x36))), session.Parameter(Array.ConvertAll(key, b => (byte)(b ^ 0x5c))));
    }

    private static string Cut(string text, int length) => length <= 0 ? "" : text.Length > length ? text[..length] : text;

    private static bool Fits(string text, ColumnType type) => type switch
    {
        ColumnType.Integer => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        ColumnType.Decimal or ColumnType.Real => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _),
        ColumnType.Text or ColumnType.Other => true,
        ColumnType.Boolean => text is "true" or "false",
        ColumnType.Date => DateOnly.TryParse(text, CultureInfo.InvariantCulture, out _),
        ColumnType.Instant => DateTime.TryParse(text, CultureInfo.InvariantCulture, out _),
        _ => false,
    };
}
