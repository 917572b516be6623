using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>The statements that one portal sends to its own database, whoever else tests at the same time.</summary>
internal sealed class Statements : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly ConcurrentQueue<string> sent = [];
    private readonly ConcurrentBag<IDisposable> subscriptions = [];
    private readonly string folder;

    /// <param name="folder">Where the portal's database lies.</param>
    public Statements(string folder)
    {
        this.folder = folder;
        subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    /// <summary>Those since the last time that were asked for, without the deletions that jobs make too.</summary>
    public IReadOnlyList<string> Take()
    {
        var taken = new List<string>();
        while (sent.TryDequeue(out var statement))
        {
            taken.Add(statement);
        }
        return [.. taken.Where(statement => !statement.StartsWith("DELETE", StringComparison.Ordinal)
            && (statement.StartsWith("INSERT", StringComparison.Ordinal) || statement.Contains("attempt_counts", StringComparison.Ordinal) || statement.Contains("accounts", StringComparison.Ordinal)))];
    }

    /// <summary>Those since the last time that read something of a table.</summary>
    public IReadOnlyList<string> TakeReads(string table)
    {
        var taken = sent.ToList();
        sent.Clear();
        return [.. taken.Where(statement => statement.StartsWith("SELECT", StringComparison.Ordinal) && statement.Contains(table, StringComparison.Ordinal))];
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory)
        {
            subscriptions.Add(value.Subscribe(this));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: "Microsoft.EntityFrameworkCore.Database.Command.CommandExecuted", Value: CommandEventData done } && done.Command.Connection?.ConnectionString.Contains(folder, StringComparison.Ordinal) == true)
        {
            sent.Enqueue(done.Command.CommandText);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }
    }

    private const string DbLoggerCategory = "Microsoft.EntityFrameworkCore";
}
