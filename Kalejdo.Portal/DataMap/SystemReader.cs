namespace Kalejdo.Portal.DataMap;

/// <summary>Reads what stands under <c>system:</c>: why data is processed, and on which legal basis.</summary>
internal static class SystemReader
{
    public static FidesSystem Read(YamlSection section)
    {
        var declarations = section.Items("privacy_declarations").Select(ReadDeclaration).ToList();
        var (portal, practices) = (section.Sub("portal"), section.Text("data_security_practices"));
        var system = new FidesSystem(
            section.Required("fides_key", "tv_platform"), section.Text("name") ?? "", section.Text("description"),
            section.Texts("dataset_references"), declarations, section.At)
        {
            Label = portal?.Local("label"),
            Security = portal?.Local("security") ?? (practices is null ? null : new LocalText(practices, practices)),
            TransfersAbroad = section.Has("does_international_transfers") ? section.Flag("does_international_transfers") : null,
            TransferBases = section.Texts("legal_basis_for_transfers"),
        };
        // What kind of system it is changes nothing here; Fides requires it of every system.
        section.Text("system_type");
        portal?.WarnUnread();
        section.WarnUnread();
        return system;
    }

    private static PrivacyDeclaration ReadDeclaration(YamlSection section)
    {
        var portal = section.Sub("portal");
        var declaration = new PrivacyDeclaration(
            section.Text("name") ?? "", section.Text("data_use"), section.Texts("data_categories"), section.Texts("data_subjects"),
            section.Text("legal_basis_for_processing"), section.Text("retention_period"), portal?.Texts("kinds") ?? [], portal?.Local("purpose"), section.At);
        portal?.WarnUnread();
        section.WarnUnread();
        return declaration;
    }
}
