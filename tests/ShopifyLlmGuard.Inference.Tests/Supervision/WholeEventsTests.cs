using System.Text;
using ShopifyLlmGuard.Inference.Proxy;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>A reader of a worker's stream sees whole events and, when the worker dies, one error at the end.</summary>
public sealed class WholeEventsTests
{
    private const string Died = "data: {\"error\":1}\n\n";

    [Theory]
    [InlineData(false, "data: a\n\ndata: b\n\ndata: [DONE]\n\n")]
    [InlineData(true, "data: a\n\ndata: b\n\n" + Died)]
    public async Task However_it_arrives(bool dies, string expected)
    {
        var sent = dies ? "data: a\n\ndata: b\n\ndata: half of c" : "data: a\n\ndata: b\n\ndata: [DONE]\n\n";
        for (var size = 1; size <= sent.Length; size++)
        {
            bool? whole = null;
            using var events = new WholeEvents(new Worker(sent, size, dies), Encoding.UTF8.GetBytes(Died), isWhole => whole = isWhole);
            using var reader = new StreamReader(events);

            Assert.Equal(expected, await reader.ReadToEndAsync());
            Assert.Equal(!dies, whole);
        }
    }

    private sealed class Worker(string text, int size, bool dies) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            dies && Position == Length
                ? throw new IOException("Connection reset by peer.")
                : new ValueTask<int>(Read(buffer.Span[..Math.Min(size, buffer.Length)]));
    }
}
