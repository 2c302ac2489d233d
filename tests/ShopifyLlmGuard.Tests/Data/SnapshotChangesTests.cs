using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Tests.Data;

public sealed class SnapshotChangesTests
{
    [Theory]
    [InlineData("pins", "pins")]
    [InlineData("flags:a,b pins", "flags:a,b pins")]
    [InlineData("flags:a flags:b", "flags:a,b")]
    [InlineData("flags:a flags", "flags")]
    [InlineData("flags flags:a", "flags")]
    [InlineData("pins:a", "pins")]
    [InlineData("", "")]
    [InlineData("pins telepathy", "")]
    public void A_notification_is_read_and_what_nobody_knows_is_everything(string told, string understood)
    {
        var changes = SnapshotChanges.Parse(told);
        Assert.Equal(understood, changes.ToString());
        Assert.Equal(understood.Length == 0, changes.IsEverything);
    }

    [Fact]
    public void Very_many_shops_are_read_as_a_whole_part()
    {
        string[] shops = [.. Enumerable.Range(0, 101).Select(number => $"shop{number}.myshopify.com")];
        Assert.Equal("flags", SnapshotChanges.In(SnapshotParts.Flags, shops).ToString());
        Assert.Equal(100, SnapshotChanges.In(SnapshotParts.Flags, shops[..100]).ToString().Split(',').Length);
    }

    [Fact]
    public void A_notification_always_fits_PostgreSQL()
    {
        string[] shops = [.. Enumerable.Range(0, 90).Select(number => $"{new string('x', 90)}{number}.myshopify.com")];
        Assert.Equal("flags", SnapshotChanges.In(SnapshotParts.Flags, shops).ToString());
    }

    [Fact]
    public void What_several_said_is_heard_together()
    {
        var changes = SnapshotChanges.In(SnapshotParts.Pins);
        changes.Add(SnapshotChanges.In(SnapshotParts.Fallbacks, "a"));
        Assert.Equal("pins fallbacks:a", changes.ToString());
        changes.Add(SnapshotChanges.Everything());
        Assert.True(changes.IsEverything);
    }
}
