namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What the person chooses for a full erasure, as the form posts it.</summary>
internal static class ErasureWhen
{
    public const string AfterPause = "paus";
    public const string Now = "nu";
}
