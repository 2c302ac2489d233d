using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>A clock that stands until it is moved, and then moves from one timer to the next.</summary>
internal sealed class SteppedClock : FakeTimeProvider
{
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(1);
    private readonly ConcurrentDictionary<DateTimeOffset, bool> due = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime > TimeSpan.Zero)
        {
            due[GetUtcNow() + dueTime] = true;
        }

        return base.CreateTimer(callback, state, dueTime, period);
    }

    /// <summary>
    /// Moves on until the work is done, but not further than a tick after the limit: there it has to end without any more time.
    /// Real threads get a moment at each step; that they may need more only makes the clock run ahead of them.
    /// </summary>
    public void Drive(Task work, TimeSpan limit)
    {
        var end = GetUtcNow() + limit + Tick;
        while (!work.Wait(Settle) && GetUtcNow() < end)
        {
            var next = due.Keys.Where(moment => moment > GetUtcNow()).DefaultIfEmpty(end).Min();
            SetUtcNow(next < end ? next : end);
        }

        Assert.True(work.Wait(TimeSpan.FromSeconds(20)), "The clock stands a tick after the deadline, and there is no answer.");
    }

    /// <summary>Moves on until something has become true, however long that takes by this clock; fails after 20 real seconds.</summary>
    public void DriveUntil(Func<bool> isTrue, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!SpinWait.SpinUntil(isTrue, Settle))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20), $"Waited 20 s in vain: {what}.");
            Advance(Tick);
        }
    }
}
