package microdot.sse;

import java.util.concurrent.TimeoutException;
import microdot.internal.BriefLock;
import microdot.internal.Quoted;
import microdot.sse.log.Frame;
import org.jspecify.annotations.Nullable;

/**
 * One run of a filter, on its own virtual thread, which is interrupted when the client leaves. An
 * event on which the filter fails or is overdue is withheld, and the client gets a gap in its
 * place. A thread that is overdue is abandoned, and a new one continues with the next event; when
 * too many of them do not return, the client is disconnected.
 */
final class FilterRun extends BriefLock implements Deadlines.Timed {
    private final FollowerFilter filter;
    private final FilterSource source;
    private final FilterOutput output;
    private final TopicState topic;
    private final CatchUp catchUp;
    private final FollowerThreads client;
    private final Runnable then;
    private final long timeout;

    // Guarded by the lock.
    private @Nullable Thread thread;
    private boolean calling;
    private boolean over;
    private boolean overdue;
    private long since;

    /**
     * @param then runs once everything is tested, unless the client has left; must not block
     */
    FilterRun(
            FollowerFilter filter,
            FilterSource source,
            FilterOutput output,
            TopicState topic,
            CatchUp catchUp,
            FollowerThreads client,
            Runnable then) {
        this.filter = filter;
        this.source = source;
        this.output = output;
        this.topic = topic;
        this.catchUp = catchUp;
        this.client = client;
        this.then = then;
        this.timeout = topic.options().userCodeTimeoutNanos();
    }

    void start() {
        if (filter.isStuck()) {
            disconnect();
            return;
        }
        client.stopWith(this::stop);
        Thread.ofVirtual().name("microdot-topics").start(this::run);
    }

    private void disconnect() {
        client.disconnect();
        // Not on an event loop, nor on the thread of the deadlines: a log may block.
        Thread.ofVirtual().name("microdot-topics").start(filter::disconnected);
    }

    private void run() {
        Deadlines.add(this);
        try {
            boolean more = source.current() != null;
            if (!more) {
                settle(null, false);
            }
            while (more) {
                Frame frame = source.current();
                if (frame == null || !enter()) {
                    return;
                }
                more = test(frame);
            }
        } finally {
            Deadlines.remove(this);
        }
    }

    /** Tests a frame; returns whether this run has more to test. */
    private boolean test(Frame frame) {
        boolean passes = false;
        Throwable failure = null;
        try {
            passes = filter.accepts(frame);
        } catch (Throwable e) { // User code: whatever it is, it concerns this event only.
            failure = e;
        }
        if (!leave()) {
            return false;
        }
        source.advance();
        boolean more = source.current() != null;
        if (failure == null) {
            settle(passes ? frame : null, more);
        } else {
            settle(gap(frame), more);
            logged(frame, failure);
        }
        if (!more) {
            then.run();
        }
        return more;
    }

    private void settle(@Nullable Frame result, boolean more) {
        if (!more) {
            client.stopWith(null); // Before the loop can start the next run.
        }
        output.add(result, source, more);
    }

    private Frame gap(Frame frame) {
        // The frame of the gap will be counted as delivered, in place of the event.
        topic.delivered.decrement();
        topic.missed.increment();
        return catchUp.failed(topic, frame.position());
    }

    private void logged(Frame frame, Throwable failure) {
        filter.failed(topic.name, catchUp.id(frame.position()), frame.position(), failure);
    }

    // ---- The life of the thread ----

    private boolean enter() {
        lock();
        try {
            thread = Thread.currentThread();
            since = System.nanoTime();
            calling = !over;
            return calling;
        } finally {
            unlock();
        }
    }

    /** Returns false when this run is over: then its thread may do nothing more. */
    private boolean leave() {
        boolean returned;
        lock();
        try {
            calling = false;
            Thread.interrupted(); // It must not hit the next call of the filter.
            if (!over) {
                return true;
            }
            returned = overdue;
        } finally {
            unlock();
        }
        if (returned) {
            filter.returned();
        }
        return false;
    }

    /** The client has left. From any thread. */
    private void stop() {
        lock();
        try {
            over = true;
            if (calling && thread != null) {
                thread.interrupt();
            }
        } finally {
            unlock();
        }
    }

    /** Checks a call also after the client has left: it takes a thread until it returns. */
    @Override
    public @Nullable Thread thread() {
        lock();
        try {
            return calling ? thread : null;
        } finally {
            unlock();
        }
    }

    @Override
    public String name() {
        return "a filter of topic " + Quoted.whole(topic.name);
    }

    @Override
    public String advice() {
        return "let it decide by what is in memory";
    }

    @Override
    public void checkDeadline(long now) {
        Thread late;
        boolean left;
        lock();
        try {
            late = thread;
            if (!calling || late == null || now - since <= timeout) {
                return;
            }
            left = over;
            over = true;
            overdue = true;
        } finally {
            unlock();
        }
        filter.isOverdue(); // Not under the lock; the call may have returned already.
        Deadlines.remove(this);
        if (left) {
            return;
        }
        TimeoutException failure = Deadlines.overdue(late, timeout);
        late.interrupt();
        goOn(failure);
    }

    private void goOn(Throwable failure) {
        Frame frame = source.current();
        if (frame == null) {
            return;
        }
        source.advance();
        boolean more = source.current() != null;
        settle(gap(frame), more);
        // Not on this thread, which serves all filters and snapshots: a log may block.
        Thread.ofVirtual().name("microdot-topics").start(() -> logged(frame, failure));
        if (filter.isStuck()) {
            disconnect();
        } else if (more) {
            client.stopWith(null);
            new FilterRun(filter, source, output, topic, catchUp, client, then).start();
        } else {
            then.run();
        }
    }
}
