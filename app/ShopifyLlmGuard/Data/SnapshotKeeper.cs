using System.Threading.Channels;
using Microsoft.Extensions.Hosting;

namespace ShopifyLlmGuard.Data;

/// <summary>
/// Writes the last good snapshot to disk, beside everything else: with 10,000 shops the file is large, and no decision waits for
/// it. The first change after a quiet time is written at once, those of a busy time together, and the last one when the server stops.
/// </summary>
internal sealed class SnapshotKeeper : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // A file that takes long to write must not keep a core busy all the time.
    private const int PauseInWritings = 10;

    private readonly Channel<bool> due = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Snapshots snapshots;
    private readonly SnapshotFile file;
    private readonly TimeProvider clock;
    private Snapshot written;

    public SnapshotKeeper(Snapshots snapshots, SnapshotFile file, TimeProvider clock)
    {
        (this.snapshots, this.file, this.clock, written) = (snapshots, file, clock, snapshots.Current);
        snapshots.Changed += Note;
    }

    public override void Dispose()
    {
        snapshots.Changed -= Note;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await due.Reader.WaitToReadAsync(stoppingToken))
            {
                due.Reader.TryRead(out _);
                var began = clock.GetTimestamp();
                await Task.Run(Write, CancellationToken.None);
                var took = clock.GetElapsedTime(began) * PauseInWritings;
                await Task.Delay(took > Pause ? took : Pause, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Write();
        }
    }

    private void Note(Snapshot snapshot) => due.Writer.TryWrite(true);

    private void Write()
    {
        var snapshot = snapshots.Current;
        if (snapshot != written with { LoadedAt = snapshot.LoadedAt })
        {
            file.Save(snapshot);
            written = snapshot;
        }
    }
}
