using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Kalejdo.Portal;

/// <summary>Every address of the portal, for pages, mails and tests.</summary>
internal static class PortalUrls
{
    public const string Home = "/";
    public const string About = "/om";
    public const string CollectedAutomatically = "/om/automatiskt";
    public const string Partners = "/om/partner";
    public const string Accessibility = "/tillganglighet";

    public const string NotMyAddress = "/inte-min-adress";
    public const string NotMyAddressCode = "/inte-min-adress/kod";
    public const string NotMyAddressLinkRoute = "/inte-min-adress/lank/{Token}";

    public const string UndoDisavowalRoute = "/inte-min-adress/angra/{Token}";

    public const string Register = "/skapa-konto";
    public const string RegisterCode = "/skapa-konto/kod";
    public const string RegisterPassword = "/skapa-konto/losenord";
    public const string SignIn = "/logga-in";

    /// <summary>The second step, where an account asks for a code beside its password.</summary>
    public const string SignInCode = "/logga-in/kod";

    /// <summary>POST only: what a passkey is to sign.</summary>
    public const string PasskeySignIn = "/logga-in/nyckel";

    /// <summary>What became of the way by a provider, where it led nowhere.</summary>
    public const string ElectronicIdAnswer = "/logga-in/e-legitimation";

    /// <summary>Where an OpenID provider sends people back to: one address each.</summary>
    public const string OpenIdCallbackRoute = "/logga-in/e-legitimation/{provider}";

    /// <summary>POST only.</summary>
    public const string SignOut = "/logga-ut";

    public const string ForgottenPassword = "/glomt-losenord";
    public const string ForgottenPasswordCode = "/glomt-losenord/kod";
    public const string NewPassword = "/glomt-losenord/nytt";
    public const string Link = "/koppla";
    public const string LinkDone = "/koppla/klart";

    /// <summary>Where people are helped whom self-service cannot help.</summary>
    public const string ContactUs = "/kontakta-oss";

    /// <summary>Where those are led whom staff alone serve.</summary>
    public const string SelfServiceClosed = "/sjalvbetjaning-stangd";

    /// <summary>Who cannot sign in asks here: with a mailbox, or on paper.</summary>
    public const string Guest = "/begaran";
    public const string GuestCode = "/begaran/kod";
    public const string GuestWrite = "/begaran/skriv";
    public const string GuestOnPaper = "/begaran/papper";

    /// <summary>Authenticate anew before something that cannot be undone.</summary>
    public const string Confirm = "/bekrafta";

    /// <summary>POST only: what a passkey of the account is to sign.</summary>
    public const string PasskeyConfirm = "/bekrafta/nyckel";

    public const string MyAccount = "/konto";
    public const string Freeze = "/konto/stang-sjalvbetjaning";
    public const string ChangePassword = "/konto/losenord";

    /// <summary>Where the account is signed in.</summary>
    public const string Sessions = "/konto/sessioner";

    public const string Passkeys = "/konto/nycklar";

    /// <summary>POST only: what a new passkey is made of.</summary>
    public const string PasskeyOffer = "/konto/nycklar/ny";

    /// <summary>Electronic IDs, and the company's own accounts, that sign in to the account.</summary>
    public const string ElectronicIds = "/konto/e-legitimation";

    /// <summary>The authenticator app and the recovery codes of an account.</summary>
    public const string SecondFactor = "/konto/tvasteg";
    public const string SecondFactorReplace = "/konto/tvasteg?byt=1";

    public const string Overview = "/oversikt";
    public const string MyData = "/mina-uppgifter";
    public const string KindRoute = "/mina-uppgifter/{Kind}";
    public const string Consents = "/samtycken";
    public const string Download = "/ladda-ner";

    /// <summary>POST only: all that is held, as a ZIP.</summary>
    public const string DownloadEverything = "/ladda-ner/allt";

    /// <summary>POST only: what the person provided and what was observed (GDPR Art. 20), as JSON.</summary>
    public const string DownloadToMove = "/ladda-ner/flytta";

    /// <summary>Who has seen my data.</summary>
    public const string WhoHasSeen = "/vem-har-sett";

    /// <summary>The choice of <see cref="WhoHasSeenBy"/>, in the query.</summary>
    public const string Others = "andra";

    /// <summary>Pauses the use of a kind, or ends that.</summary>
    public const string PauseRoute = "/pausa/{Kind}";

    /// <summary>What was done, in the query of <see cref="Pause"/>.</summary>
    public const string PauseBegun = "pausad";
    public const string PauseEnded = "slut";

    public const string CorrectRoute = "/ratta/{Row}/{Field}";
    public const string Erase = "/radera";
    public const string EraseKindRoute = "/radera/slag/{Kind}";
    public const string EraseRowRoute = "/radera/post/{Row}";
    public const string EraseEverything = "/radera/allt";

    /// <summary>The kinds chosen stand in the query: <c>?slag=a&amp;slag=b</c>.</summary>
    public const string EraseSelected = "/radera/utvalda";
    public const string UndoErasureRoute = "/angra/{Token}";

    /// <summary>For who is signed in to an account that waits to be erased.</summary>
    public const string UndoErasureSignedIn = "/angra";
    public const string ConfirmNewAddressRoute = "/ratta-adress/{Id}";
    public const string UndoAddressChangeRoute = "/angra-adress/{Token}";
    public const string MyCases = "/mina-arenden";
    public const string MyCaseRoute = "/mina-arenden/{Number}";

    /// <summary>What self-service cannot do is asked for here.</summary>
    public const string NewRequest = "/mina-arenden/ny";
    public const string CaseRoute = "/arende/{Token}";
    public const string ReceiptRoute = "/kvitto/{Token}";

    /// <summary>POST only: the receipt as a signed file.</summary>
    public const string ReceiptFileRoute = "/kvitto/{token}/fil";

    /// <summary>The receipt of what staff answered.</summary>
    public const string AnswerRoute = "/svar/{Token}";

    /// <summary>POST only.</summary>
    public const string AnswerFileRoute = "/svar/{token}/fil";

    /// <summary>A JSON Web Key Set: what signed receipts are verified by.</summary>
    public const string ReceiptKeys = "/.well-known/receipt-keys.json";

    /// <summary>POST only: recipients of notices say, signed, that it is done.</summary>
    public const string RecipientCallback = "/mottagare/kvittens";

    /// <summary>Where the mail of a notice leads to.</summary>
    public const string AcknowledgeRoute = "/mottagare/besked/{Token}";

    /// <summary>Where staff work.</summary>
    public const string Desk = "/personal";

    /// <summary>The page of the second list of <see cref="Desk"/>, in the query.</summary>
    public const string DeskTasks = "uppgifter";

    public const string DeskCaseRoute = "/personal/arende/{Number}";

    /// <summary>Where staff look a subscriber up, with a purpose.</summary>
    public const string FindSubscriber = "/personal/abonnent";
    public const string SubscriberRoute = "/personal/abonnent/{Token}";
    public const string SubscriberKindRoute = "/personal/abonnent/{Token}/{Kind}";
    public const string SubscriberPauseRoute = "/personal/abonnent/{Token}/pausa";
    public const string SubscriberProtectRoute = "/personal/abonnent/{Token}/skydda";
    public const string SubscriberEraseRoute = "/personal/abonnent/{Token}/radera";
    public const string SubscriberCorrectRoute = "/personal/abonnent/{Token}/ratta/{Row}/{Field}";

    /// <summary>In the query of <see cref="FindSubscriber"/>: the protection to be looked at.</summary>
    public const string ForReview = "skydd";

    /// <summary>In the query of <see cref="FindSubscriber"/>.</summary>
    public const string ForCase = "arende";

    /// <summary>In the query of <see cref="SubscriberKindRoute"/>: a value was corrected a moment ago, and whether the subscriber is told by mail.</summary>
    public const string Corrected = "rattat";
    public const string Told = "mejl";

    /// <summary>What came by post, phone or mail.</summary>
    public const string RegisterRequest = "/personal/registrera";

    /// <summary>To be printed, for who is written to on paper.</summary>
    public const string EndPauseRoute = "/personal/arende/{Number}/paus";
    public const string ErasureAnswerRoute = "/personal/arende/{Number}/radering";
    public const string DeskLetterRoute = "/personal/arende/{Number}/brev";

    /// <summary>Whether data reached a stranger: each time, and what staff say of it.</summary>
    public const string StaffAddresses = "/personal/adresser";
    public const string Incidents = "/personal/incidenter";
    public const string IncidentRoute = "/personal/incidenter/{Number}";

    /// <summary>The record of processing activities (GDPR Art. 30).</summary>
    public const string Record = "/personal/register";

    /// <summary>POST only: the record as a table.</summary>
    public const string RecordFile = "/personal/register/fil";

    /// <summary>The data map: its health, what it covers, and its picture.</summary>
    public const string DataMap = "/personal/datakarta";

    /// <summary>What is to be sent and what was: mails, and what recipients are told.</summary>
    public const string Outbox = "/personal/utkorg";

    /// <summary>Who is told what became of data, and under which agreements; for staff.</summary>
    public const string PartnerDesk = "/personal/partner";
    public const string NewPartner = "/personal/partner/ny";
    public const string PartnerRoute = "/personal/partner/{Id}";
    public const string ChangePartnerRoute = "/personal/partner/{Id}/andra";

    /// <summary>Who did what, for whoever oversees it.</summary>
    public const string AccessLog = "/personal/logg";

    /// <summary>POST only: the log as a file.</summary>
    public const string AccessLogFile = "/personal/logg/fil";

    /// <summary>Who works with the portal, in which roles.</summary>
    public const string Personnel = "/personal/personal";
    public const string Invite = "/personal/personal/bjud-in";
    public const string PersonRoute = "/personal/personal/{Id}";

    /// <summary>Where an invited member of staff chooses a password.</summary>
    public const string InvitationRoute = "/inbjudan/{Token}";

    /// <summary>For demonstrations and development.</summary>
    public const string Mailbox = "/utveckling/post";
    public const string MailRoute = "/utveckling/post/{Name}";
    public const string MailFrameRoute = "/utveckling/post/{name}/html";
    public const string Letters = "/utveckling/brev";
    public const string LetterFrameRoute = "/utveckling/brev/{name}/{language}";

    /// <summary>POST only.</summary>
    public const string Language = "/sprak";

    public const string ErrorRoute = "/fel/{Code:int}";
    public const string ErrorPattern = "/fel/{0}";

    public static string Error(int code) => string.Create(CultureInfo.InvariantCulture, $"/fel/{code}");

    /// <param name="address">A local one, to go on to.</param>
    public static string SignInFrom(string address) => $"{SignIn}?till={Uri.EscapeDataString(address)}";

    /// <param name="address">A local one, to go on to.</param>
    public static string SignInCodeFrom(string address) => $"{SignInCode}?till={Uri.EscapeDataString(address)}";

    /// <param name="address">A local one, to go on to.</param>
    public static string SecondFactorFrom(string address) => $"{SecondFactor}?till={Uri.EscapeDataString(address)}";

    /// <param name="address">A local one, to go on to.</param>
    public static string LinkFrom(string address) => $"{Link}?till={Uri.EscapeDataString(address)}";

    /// <param name="address">A local one, to go on to.</param>
    public static string ConfirmFrom(string address) => $"{Confirm}?till={Uri.EscapeDataString(address)}";

    /// <param name="key">Of the provider.</param>
    public static string OpenIdCallback(string key) => $"{ElectronicIdAnswer}/{key}";

    /// <param name="back">A local address, where to try again.</param>
    public static string ElectronicIdProblem(string problem, string back) => $"{ElectronicIdAnswer}?svar={problem.ToLowerInvariant()}&till={Uri.EscapeDataString(back)}";

    /// <summary>What came as <c>till</c>, where it is ours; else the overview.</summary>
    public static string Onward(string? address) => IsOurs(address) ? address : Overview;

    /// <summary>Whether a redirect may lead there: within this site, and of signs that a header can carry (ours are escaped).</summary>
    public static bool IsOurs([NotNullWhen(true)] string? address) => RedirectHttpResult.IsLocalUrl(address) && address!.All(sign => sign is > ' ' and <= '~');

    /// <summary>A kind of data of the map.</summary>
    /// <param name="collection">The collection whose rows go on from <paramref name="page"/>; the others begin anew.</param>
    public static string Kind(string kind, string? collection = null, int page = 1) => collection is null || page == 1
        ? $"{MyData}/{Uri.EscapeDataString(kind)}"
        : string.Create(CultureInfo.InvariantCulture, $"{MyData}/{Uri.EscapeDataString(kind)}?del={Uri.EscapeDataString(collection)}&sida={page}");

    /// <param name="othersOnly">Without what the person did.</param>
    public static string WhoHasSeenBy(bool othersOnly, int page = 1) => (othersOnly, page) switch
    {
        (false, 1) => WhoHasSeen,
        (true, 1) => $"{WhoHasSeen}?urval={Others}",
        (false, _) => string.Create(CultureInfo.InvariantCulture, $"{WhoHasSeen}?sida={page}"),
        (true, _) => string.Create(CultureInfo.InvariantCulture, $"{WhoHasSeen}?urval={Others}&sida={page}"),
    };

    /// <param name="row">A token of <see cref="RowLinks"/>.</param>
    /// <param name="field">The column's name.</param>
    public static string Correct(string row, string field) => $"/ratta/{row}/{Uri.EscapeDataString(field)}";

    /// <param name="done">What was done just now.</param>
    public static string Pause(string kind, string? done = null) => $"/pausa/{Uri.EscapeDataString(kind)}{(done is null ? "" : $"?klart={done}")}";

    public static string EraseKind(string kind) => $"/radera/slag/{Uri.EscapeDataString(kind)}";

    /// <param name="row">A token of <see cref="RowLinks"/>.</param>
    public static string EraseRow(string row) => $"/radera/post/{row}";

    /// <param name="token">Of the mail that told of the erasure.</param>
    public static string UndoErasure(string token) => $"/angra/{token}";

    public static string ConfirmNewAddress(string id) => $"/ratta-adress/{id}";

    /// <param name="token">Of the mail that told the old address of the new one.</param>
    public static string UndoAddressChange(string token) => $"/angra-adress/{token}";

    /// <param name="token">Of <see cref="Cases.CaseLinks"/>: opens the case without a session.</param>
    public static string Case(string token) => $"/arende/{token}";

    /// <summary>The same, right after something was asked for.</summary>
    /// <param name="joined">Whether it went to a case that was open already.</param>
    public static string CaseSent(string token, bool joined) => $"{Case(token)}?gjort={(joined ? "lagt-till" : "skickat")}";

    public static string MyCase(string number) => $"{MyCases}/{number}";

    /// <param name="number">Of the case.</param>
    public static string DeskCase(string number) => $"{Desk}/arende/{number}";

    /// <param name="number">Of the case that paused it.</param>
    public static string EndPause(string number, bool decided = false) => $"{Desk}/arende/{number}/paus{(decided ? "?gjort=1" : "")}";

    /// <summary>Where a second person answers about an erasure.</summary>
    public static string ErasureAnswer(string number, bool answered = false) => $"{Desk}/arende/{number}/radering{(answered ? "?gjort=1" : "")}";

    /// <param name="caseNumber">Of the case for which somebody is looked up.</param>
    public static string FindSubscriberFor(string caseNumber) => $"{FindSubscriber}?{ForCase}={caseNumber}";

    /// <param name="token">Of <see cref="SubscriberPasses"/>.</param>
    public static string SubscriberPause(string token) => $"{FindSubscriber}/{token}/pausa";

    /// <param name="token">Of <see cref="SubscriberPasses"/>.</param>
    public static string SubscriberProtect(string token, bool done = false) => $"{FindSubscriber}/{token}/skydda{(done ? "?gjort=1" : "")}";

    /// <param name="protection">As the task names it whose protection is to be looked at.</param>
    public static string FindSubscriberForReview(string protection) => $"{FindSubscriber}?{ForReview}={protection}";

    /// <param name="token">Of <see cref="SubscriberPasses"/>.</param>
    public static string SubscriberErase(string token) => $"{FindSubscriber}/{token}/radera";

    /// <param name="token">Of <see cref="SubscriberPasses"/>.</param>
    public static string Subscriber(string token) => $"{FindSubscriber}/{token}";

    /// <param name="collection">The collection whose rows go on from <paramref name="page"/>; the others begin anew.</param>
    public static string SubscriberKind(string token, string kind, string? collection = null, int page = 1) => collection is null || page == 1
        ? $"{FindSubscriber}/{token}/{Uri.EscapeDataString(kind)}"
        : string.Create(CultureInfo.InvariantCulture, $"{FindSubscriber}/{token}/{Uri.EscapeDataString(kind)}?del={Uri.EscapeDataString(collection)}&sida={page}");

    public static string SubscriberCorrected(string token, string kind, bool told) => $"{SubscriberKind(token, kind)}?{Corrected}={(told ? Told : "brev")}";

    /// <param name="row">A token of <see cref="RowLinks"/>.</param>
    public static string SubscriberCorrect(string token, string row, string field) => $"{FindSubscriber}/{token}/ratta/{row}/{Uri.EscapeDataString(field)}";

    public static string DeskLetter(string number) => $"{Desk}/arende/{number}/brev";

    /// <param name="token">Of <see cref="Cases.CaseLinks"/>: opens the answer without a session.</param>
    public static string Answer(string token) => $"/svar/{token}";

    public static string AnswerFile(string token) => $"/svar/{token}/fil";

    /// <param name="token">Of <see cref="Cases.CaseLinks"/>: opens the receipt without a session.</param>
    public static string Receipt(string token) => $"/kvitto/{token}";

    public static string ReceiptFile(string token) => $"/kvitto/{token}/fil";

    /// <param name="id">Of an account of staff.</param>
    public static string Person(string id) => $"{Personnel}/{Uri.EscapeDataString(id)}";

    /// <param name="id">Of a recipient.</param>
    public static string Partner(long id) => string.Create(CultureInfo.InvariantCulture, $"{PartnerDesk}/{id}");

    public static string ChangePartner(long id) => $"{Partner(id)}/andra";

    /// <param name="token">Of the mail that invited.</param>
    public static string Invitation(string token) => $"/inbjudan/{token}";

    /// <param name="token">Of the mail that told of the notice.</param>
    public static string Acknowledge(string token) => $"/mottagare/besked/{token}";

    /// <param name="token">Of the mail that it came with.</param>
    public static string NotMyAddressLink(string token) => $"/inte-min-adress/lank/{token}";

    /// <param name="token">Of the receipt.</param>
    public static string UndoDisavowal(string token) => $"/inte-min-adress/angra/{token}";

    /// <param name="tasks">The page of the second list, where it is not the first one.</param>
    public static string DeskPage(int page, int tasks = 1) => DeskPage(page == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"?sida={page}"), tasks);

    /// <param name="query">Which cases, with its question mark; empty for all.</param>
    public static string DeskPage(string query, int tasks) =>
        tasks == 1 ? $"{Desk}{query}" : string.Create(CultureInfo.InvariantCulture, $"{Desk}{query}{(query.Length == 0 ? '?' : '&')}{DeskTasks}={tasks}");

    public static string IncidentsPage(int page) => page == 1 ? Incidents : string.Create(CultureInfo.InvariantCulture, $"{Incidents}?sida={page}");

    /// <param name="saved">Whether the page says that it was saved.</param>
    public static string Incident(string caseNumber, bool saved = false) => $"{Incidents}/{Uri.EscapeDataString(caseNumber)}{(saved ? "?sparat=ja" : "")}";

    public static string Mail(string name) => $"{Mailbox}/{name}";

    public static string MailFrame(string name) => $"{Mailbox}/{name}/html";

    /// <param name="language"><c>sv</c> or <c>en</c>.</param>
    public static string LetterFrame(string name, string language) => $"{Letters}/{name}/{language}";

    /// <summary>Other people's pages that ours link to.</summary>
    public static class Elsewhere
    {
        public const string Imy = "https://www.imy.se/";
        public const string Pts = "https://www.pts.se/";
    }
}
