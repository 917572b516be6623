namespace Kalejdo.Portal.Mail;

/// <summary>What <c>mail test</c> sends: somebody looks whether it arrives, and how.</summary>
public sealed record TestLetter : Letter
{
    public static TestLetter Sample { get; } = new();

    public override string Subject => LetterText.TestSubject;

    public override string Reason => LetterText.TestReason;

    public override Type Template => typeof(TestMail);

    /// <summary>It is posted past the outbox and leaves nothing behind.</summary>
    public override bool IsFarewell => true;
}
