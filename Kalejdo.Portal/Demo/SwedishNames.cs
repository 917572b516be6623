namespace Kalejdo.Portal.Demo;

/// <summary>Invented people and places. All three-part names are unique for the first 69,600 numbers.</summary>
public static class SwedishNames
{
    // Åsa Sjöberg: the first subscriber's name shows whether å, ä and ö survive.
    private const int FirstPair = 40;

    // Even numbers are women, odd ones men, here and in the middle names.
    private static readonly string[] First =
    [
        "Åsa", "Björn", "Märta", "Göran", "Linnéa", "Håkan", "Elin", "Jörgen", "Astrid", "Lars",
        "Ebba", "Nils", "Saga", "Anders", "Wilma", "Östen", "Maja", "Sören", "Tuva", "Erik",
        "Karin", "Johan", "Sara", "Mikael", "Hanna", "Fredrik", "Gunilla", "Åke", "Ingrid", "Oskar",
        "Amira", "Samir", "Leila", "Viktor", "Birgitta", "Torbjörn", "Selma", "Gustav", "Freja", "Hampus",
    ];

    private static readonly string[] MiddleOfWomen =
    [
        "Maria", "Anna", "Margareta", "Kristina", "Birgit", "Sofia", "Eva", "Viola", "Ulrika", "Ingeborg",
        "Charlotta", "Elsa", "Hedvig", "Signe", "Greta", "Lovisa", "Matilda", "Emilia", "Johanna", "Alva",
        "Cecilia", "Teresia", "Desirée", "Agnes", "Beata", "Rut", "Gerda", "Sigrid", "Irene",
    ];

    private static readonly string[] MiddleOfMen =
    [
        "Karl", "Olof", "Gunnar", "Ivar", "Sixten", "Alexander", "Sven", "Arvid", "Valdemar", "Ragnar",
        "Emanuel", "Hjalmar", "August", "Tage", "Henrik", "Mattias", "Edvin", "Isak", "Jakob", "Ludvig",
        "Peter", "Magnus", "Albin", "Elias", "Leonard", "Axel", "Bertil", "Rune", "Folke",
    ];

    private static readonly string[] Last =
    [
        "Andersson", "Sjöberg", "Lindqvist", "Åkerman", "Bergström", "Öhman", "Nyström", "Hägglund", "Eriksson", "Lundgren",
        "Söderholm", "Ekdahl", "Nordin", "Björklund", "Fälth", "Holmberg", "Ström", "Ljungberg", "Karlsson", "Wåhlin",
        "Hedlund", "Norrby", "Västerlund", "Gren", "Blomqvist", "Åström", "Dahlin", "Engström", "Hjelm", "Forsberg",
        "Ahmed", "Haddad", "Rönnberg", "Sandell", "Tegnér", "Vikström", "Zetterlund", "Lövgren", "Palmér", "Kvist",
        "Ödman", "Stålberg", "Myrén", "Käck", "Ros", "Bäckman", "Frisk", "Granqvist", "Hallberg", "Isaksson",
        "Jönsson", "Kjellin", "Lagerlöv", "Månsson", "Norén", "Olofsson", "Persson", "Rydén", "Sundin", "Thorén",
    ];

    public static readonly string[] Streets =
    [
        "Storgatan", "Björkvägen", "Åsgatan", "Ängsvägen", "Kyrkogatan", "Östra Hamngatan", "Skolgränd", "Fågelstigen",
        "Lövsångarvägen", "Järnvägsgatan", "Sjöbacken", "Hantverkargatan", "Mäster Olofs gata", "Nygatan", "Backsippevägen",
    ];

    public static readonly (string PostalCode, string City)[] Cities =
    [
        ("803 20", "Gävle"), ("903 26", "Umeå"), ("702 11", "Örebro"), ("351 03", "Växjö"), ("391 20", "Kalmar"),
        ("972 31", "Luleå"), ("583 30", "Linköping"), ("222 22", "Lund"), ("652 24", "Karlstad"), ("831 30", "Östersund"),
        ("412 50", "Göteborg"), ("118 20", "Stockholm"), ("212 11", "Malmö"), ("503 30", "Borås"), ("621 45", "Visby"),
    ];

    public static (string First, string Middle, string Last) Of(int number)
    {
        // 1237 is coprime to 40 × 60, so first and last name meet anew for 2,400 numbers; then the middle name differs.
        var index = number - 1;
        var pair = (int)((FirstPair + index * 1237L) % (First.Length * Last.Length));
        var first = pair % First.Length;
        var middle = first % 2 == 0 ? MiddleOfWomen : MiddleOfMen;
        var round = index / (First.Length * Last.Length);
        return (First[first], middle[(index + round) % middle.Length], Last[pair / First.Length]);
    }

    public static string FirstOf(SeedRandom random) => random.Pick(First);

    public static string WithoutDiacritics(string name) => string.Concat(name.ToLowerInvariant().Select(letter => letter switch
    {
        'å' or 'ä' => 'a',
        'ö' => 'o',
        'é' => 'e',
        _ => letter,
    }));
}
