using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Recipients;

/// <summary>To a recipient that takes mails: that there is something to be done. Whom it is about stands on the page behind the link.</summary>
/// <param name="Again">Whether it was asked before.</param>
/// <param name="Page">One of <see cref="PortalUrls"/>.</param>
public sealed record RecipientNoticeLetter(string CaseNumber, RecipientEvent Event, IReadOnlyList<LocalText> Kinds, bool Again, string Page) : Letter
{
    public static RecipientNoticeLetter Sample { get; } =
        new(SampleLetters.CaseNumber, RecipientEvent.Erased, SampleLetters.Kinds, Again: true, PortalUrls.Acknowledge(SampleLetters.Token));

    public override string Subject => Again ? RecipientsText.LetterSubjectAgain : RecipientsText.LetterSubject;

    public override string Reason => RecipientsText.LetterReason;

    public override Type Template => typeof(RecipientNoticeMail);

    /// <summary>No person's address, and it is not forgotten: it leads to the page where anyone can say that theirs is wrong.</summary>
    public override bool IsFarewell => true;
}
