using System.Globalization;

namespace Kalejdo.Portal.Mail;

/// <summary>An address as its owner knows it again and nobody else reads it: <c>a•••@e•••.se</c>.</summary>
internal static class MaskedAddress
{
    public static string Of(string address)
    {
        var at = address.LastIndexOf('@');
        var (name, host) = (address[..at], address[(at + 1)..]);
        var dot = host.LastIndexOf('.');
        return $"{First(name)}@{(dot < 1 ? First(host) : First(host[..dot]) + host[dot..])}";

        static string First(string text) => StringInfo.GetNextTextElement(text) + "•••";
    }
}
