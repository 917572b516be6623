namespace Kalejdo.Portal;

/// <summary>Of an endpoint that is posted to: the page with its form.</summary>
internal sealed record PostedFrom(string Page);
