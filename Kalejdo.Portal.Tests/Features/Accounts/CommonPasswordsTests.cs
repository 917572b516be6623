using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Features.Accounts;

public class CommonPasswordsTests
{
    [Theory]
    [InlineData(SignedIn.Password)]
    [InlineData("norrsken över fjället")]
    [InlineData("correct horse staple battery")]
    [InlineData("x7Kq2vBn9TzL")]
    [InlineData("kalejdoskopiska trollsländor")]
    [InlineData("åsa gillar cykelturer")]
    [InlineData("密码也可以是中文的很长")]
    public void Phrases_and_what_chance_makes_may_be_chosen(string password) => Assert.False(CommonPasswords.Holds(password, "asa.sjoberg@post.example"));

    [Theory]
    [InlineData("asa.sjoberg2026")]
    [InlineData("Sjoberg-Sjoberg")]
    [InlineData("ASA.SJOBERG@POST.EXAMPLE")]
    [InlineData("minauppgifter1")]
    [InlineData("abcabcabcabc")]
    [InlineData("football!baseball")]
    [InlineData("l3tm3in l3tm3in")]
    public void What_anybody_tries_may_not(string password) => Assert.True(CommonPasswords.Holds(password, "asa.sjoberg@post.example"));

    [Fact]
    public void However_long_and_odd_it_ends_soon()
    {
        foreach (var odd in new[] { new string('a', Passwords.Longest), string.Concat(Enumerable.Repeat("ab", Passwords.Longest / 2)), new string('\u0301', Passwords.Longest), "", "@.", new string('1', Passwords.Longest) })
        {
            Assert.True(CommonPasswords.Holds(odd, "@@@..--"));
        }
    }
}
