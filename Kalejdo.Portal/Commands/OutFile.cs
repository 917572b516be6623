namespace Kalejdo.Portal.Commands;

/// <summary>Where a verb's result goes: stdout, or a file that is there whole or not at all.</summary>
internal static class OutFile
{
    /// <param name="write">Says whether what it wrote is whole.</param>
    /// <returns>Whether the result is where it was asked for.</returns>
    public static async Task<bool> WriteAsync(string? name, TextWriter error, Func<Stream, Task<bool>> write, CancellationToken cancellationToken)
    {
        string? draft = null;
        try
        {
            if (name is null)
            {
                await using var stdout = Console.OpenStandardOutput();
                return await write(stdout);
            }
            var target = Path.GetFullPath(name);
            draft = Path.Combine(Path.GetDirectoryName(target) ?? target, $".{Path.GetRandomFileName()}");
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
            if (!OperatingSystem.IsWindows())
            {
                // It holds all that is known about somebody.
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }
            await using (var file = new FileStream(draft, options))
            {
                if (!await write(file))
                {
                    return false;
                }
                await file.FlushAsync(cancellationToken);
            }
            File.Move(draft, target, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"The output cannot be written: {e.Message}");
            return false;
        }
        finally
        {
            if (draft is not null && File.Exists(draft))
            {
                File.Delete(draft);
            }
        }
    }
}
