namespace Kalejdo.Portal.Components;

/// <summary>What is wrong with a form, in the order of its fields: filled by a page, shown by <see cref="ErrorSummary"/> and <see cref="FormField"/>.</summary>
public sealed class FormErrors
{
    private readonly List<(string Field, string Message)> errors = [];

    public bool Any => errors.Count > 0;

    public IReadOnlyList<(string Field, string Message)> All => errors;

    public void Add(string field, string message) => errors.Add((field, message));

    public string? Of(string field) => errors.Find(error => error.Field == field).Message;
}
