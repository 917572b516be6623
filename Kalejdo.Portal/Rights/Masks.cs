using System.Globalization;
using System.Security.Cryptography;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>How one column is overwritten: the new value, whether the old one still has to go, or why it cannot be done.</summary>
/// <param name="Dirty">The condition that the row still holds something to overwrite.</param>
internal sealed record Mask(Field Field, Column Column, string Value, string Dirty, bool Pseudonym, Refusal? Refusal);

/// <summary>Turns a collection's personal fields into SQL that overwrites them.</summary>
internal sealed class Masks(Session session, Dialect sql)
{
    private const int HashDigits = 64;
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
                ? new Mask(field, column, "", "1 = 1", false, new Refusal("the value is part of the row's key and cannot be masked; let the map delete the row ('on_erasure: delete')", $"{collection}.{field.Name}"))
                : MaskOf(collection, field, column));
        }
        return masks;
    }

    private Mask MaskOf(MappedCollection collection, Field field, Column column)
    {
        var name = $"t.{Dialect.Quote(column.Name)}";
        var masking = field.Masking ?? new Masking(MaskingStrategy.Null, "", 0, "");
        var limit = Math.Min(field.Length ?? int.MaxValue, column.MaxLength ?? int.MaxValue);
        var room = limit - masking.Suffix.Length;
        if (masking.Strategy == MaskingStrategy.Null)
        {
            return new Mask(field, column, "NULL", $"{name} IS NOT NULL", false, column.NotNull ? Refused("the column is NOT NULL and has no mask; give it a 'masking_strategy_override', for example string_rewrite") : null);
        }
        if (masking.Strategy == MaskingStrategy.Rewrite)
        {
            var text = Cut(masking.Value, room) + masking.Suffix;
            if (!Dialect.Fits(text, column.Type) || sql.Written(session.Parameter(text), text, column) is not { } written)
            {
                return new Mask(field, column, "", "1 = 1", false, Refused($"the mask's value does not fit a column of type {column.TypeName}"));
            }
            var same = sql.Equal(name, session.Parameter(text), text, column);
            return new Mask(field, column, Kept(written), $"({name} IS NOT NULL AND NOT ({same}))", false, collection.Table.Indexes.Any(i => i.Unique && !i.Partial && i.Columns is [var only] && only == column.Name)
                ? Refused("the column is unique, but its mask writes the same value to every row; use random_string_rewrite")
                : null);
        }
        if (column.Type is not (ColumnType.Text or ColumnType.Other))
        {
            return new Mask(field, column, "", "1 = 1", false, Refused($"the mask writes text, but the column is of type {column.TypeName}; use null_rewrite or string_rewrite with a fitting value"));
        }
        var random = masking.Strategy == MaskingStrategy.Random;
        var length = Math.Min(random ? masking.Length : HashDigits, Math.Max(room, 1));
        var value = masking.Strategy switch
        {
            MaskingStrategy.Random => sql.RandomText(length),
            MaskingStrategy.Hash => sql.Sha256(sql.AsText(name)),
            _ => sql.HmacSha256(sql.AsText(name), HmacKeys.Inner, HmacKeys.Outer),
        };
        value = !random && length < HashDigits ? $"substr({value}, 1, {Digits(length)})" : value;
        // Masking a mask anew would never end; what already looks like one is left.
        var masked = $"length({sql.AsText(name)}) = {Digits(length + masking.Suffix.Length)} AND {sql.ConsistsOf($"substr({sql.AsText(name)}, 1, {Digits(length)})", random ? Dialect.RandomLetters : "0123456789abcdef")}";
        if (masking.Suffix.Length > 0)
        {
            var suffix = session.Parameter(masking.Suffix);
            (value, masked) = ($"{value} || {suffix}", $"{masked} AND substr({sql.AsText(name)}, {Digits(length + 1)}) = {suffix}");
        }
        return new Mask(field, column, Kept(value), $"({name} IS NOT NULL AND NOT ({masked}))", !random, null);

        string Kept(string mask) => column.NotNull ? mask : $"CASE WHEN {name} IS NULL THEN NULL ELSE {mask} END";

        Refusal Refused(string reason) => new(reason, $"{collection}.{field.Name}");
    }

    private static string Digits(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A key of this erasure's own, thrown away afterwards: nobody can compute the pseudonyms anew.</summary>
    private (string Inner, string Outer) HmacKeys => hmacKeys ??= NewHmacKeys();

    private (string Inner, string Outer) NewHmacKeys()
    {
        // RFC 2104: a key of the hash's block length, combined with the inner and the outer pad.
        var key = RandomNumberGenerator.GetBytes(64);
        return (session.Parameter(Array.ConvertAll(key, b => (byte)(b ^ 0x36))), session.Parameter(Array.ConvertAll(key, b => (byte)(b ^ 0x5c))));
    }

    private static string Cut(string text, int length) => length <= 0 ? "" : text.Length > length ? text[..length] : text;
}
