using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Recipients;

/// <summary>The links in recipients' mails: the notice's id and a keyed hash of it, so that the database alone makes none.</summary>
internal static class AcknowledgeLinks
{
    public static string Of(PortalKeys keys, string messageId) => $"{messageId}.{Hash(keys, messageId)}";

    /// <returns>The notice's id; null where the link is none of ours.</returns>
    public static string? Read(PortalKeys keys, string token) =>
        token.Split('.') is [var id, var hash] && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hash), Encoding.UTF8.GetBytes(Hash(keys, id))) ? id : null;

    private static string Hash(PortalKeys keys, string messageId) => keys.Hash("recipient notice link", messageId);
}
