using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace Kalejdo.Portal.Store;

/// <summary>
/// Seals data-protection keys under the key file. Its full name stands in every stored key: neither name nor assembly
/// may change.
/// </summary>
public sealed class KeyFileXml(PortalKeys keys) : IXmlEncryptor, IXmlDecryptor
{
    private const string Purpose = "data-protection keys";
    private static readonly XName SealedName = "sealed";
    private static readonly XName KeyFileName = "keyFile";

    /// <summary>For data protection, which makes decryptors so.</summary>
    public KeyFileXml(IServiceProvider services)
        : this(services.GetRequiredService<PortalKeys>())
    {
    }

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        ArgumentNullException.ThrowIfNull(plaintextElement);
        var text = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var element = new XElement(SealedName, new XAttribute(KeyFileName, keys.Id), Convert.ToBase64String(keys.Seal(Purpose, text)));
        CryptographicOperations.ZeroMemory(text);
        return new EncryptedXmlInfo(element, typeof(KeyFileXml));
    }

    public XElement Decrypt(XElement encryptedElement)
    {
        ArgumentNullException.ThrowIfNull(encryptedElement);
        return XElement.Parse(Encoding.UTF8.GetString(keys.Unseal(Purpose, Convert.FromBase64String(encryptedElement.Value))));
    }

    /// <summary>The key files under which the key is sealed: one, or none where it is not sealed by us.</summary>
    public static IEnumerable<string> KeyFilesOf(XElement storedKey) =>
        storedKey.Descendants(SealedName).Attributes(KeyFileName).Select(attribute => attribute.Value);
}
