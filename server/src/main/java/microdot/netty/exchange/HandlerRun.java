package microdot.netty.exchange;

import java.util.Objects;
import java.util.function.Consumer;
import microdot.BodySink;
import microdot.netty.threads.UserCode;
import org.jspecify.annotations.Nullable;

/**
 * One run of a handler: its work, and what the watchdog asks about it. Not a lambda, and with few
 * variables: a stream keeps each stack frame below its handler
 * (docs/decisions/0012-small-stack-frames.md).
 */
final class HandlerRun implements Runnable, UserCode {
    /** What a handler's thread does. */
    interface Work {
        /**
         * Runs the first part.
         *
         * @return the rest; null if there is none
         */
        @Nullable Runnable begin(HandlerRun run);
    }

    private final Consumer<HandlerRun> end;
    private final String route;
    private @Nullable Work work;
    private volatile @Nullable Thread thread;
    private volatile @Nullable BodySink stream;

    /**
     * @param end told when the work has ended
     */
    HandlerRun(Consumer<HandlerRun> end, String route, Work work) {
        this.end = end;
        this.route = route;
        this.work = work;
    }

    /** The run is about to be started on this thread. */
    void runsOn(Thread started) {
        thread = started;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try {
            Runnable rest = begin();
            if (rest != null) {
                rest.run();
            }
        } finally {
            thread = null;
            end.accept(this);
        }
    }

    private @Nullable Runnable begin() {
        Work first = Objects.requireNonNull(work);
        work = null;
        return first.begin(this);
    }

    /** The handler writes this stream. */
    void streams(BodySink sink) {
        stream = sink;
    }

    @Override
    public @Nullable Thread thread() {
        return thread;
    }

    @Override
    public String route() {
        return route;
    }

    @Override
    public boolean isStreamEnded() {
        BodySink sink = stream;
        return sink != null && !sink.isOpen();
    }
}
