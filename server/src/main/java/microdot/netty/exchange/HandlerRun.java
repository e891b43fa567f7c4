package microdot.netty.exchange;

import java.util.Objects;
import microdot.BodySink;
import microdot.internal.RouteName;
import microdot.internal.UserCode;
import org.jspecify.annotations.Nullable;

/**
 * One run of a handler: its work, and what the watchdog asks about it. Not a lambda, and with few
 * variables: a stream keeps each stack frame below its handler
 * (docs/decisions/0012-small-stack-frames.md).
 */
final class HandlerRun implements Runnable, UserCode {
    /** The name of a run that runs an action of {@code onClose}, and no handler. */
    static final String CLOSE_ACTION = "an onClose action";

    /** The name of a run that runs the hooks for the end of a response. */
    static final String AFTER_RESPONSE = "an afterResponse hook";

    /** What a handler's thread does. */
    interface Work {
        /**
         * Runs the first part.
         *
         * @return the rest; null if there is none
         */
        @Nullable Runnable begin(HandlerRun run);
    }

    /** Called on the thread of the run. */
    interface Listener {
        void begun(HandlerRun run);

        void left(HandlerRun run);
    }

    private final Listener listener;
    private final boolean inTurn;
    private final String route;
    private @Nullable Work work;
    private volatile @Nullable Thread thread;
    private volatile @Nullable BodySink stream;
    private volatile @Nullable Runnable clientGone;
    private volatile boolean interrupted;

    /**
     * Creates a run.
     *
     * @param inTurn whether {@link HandlerTurns} decide when its thread starts
     */
    HandlerRun(Listener listener, boolean inTurn, String route, Work work) {
        this.listener = listener;
        this.inTurn = inTurn;
        this.route = route;
        this.work = work;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        try {
            listener.begun(this);
            Runnable rest = begin();
            if (rest != null) {
                rest.run();
            }
        } finally {
            thread = null;
            listener.left(this);
        }
    }

    private @Nullable Runnable begin() {
        Work first = Objects.requireNonNull(work);
        work = null;
        return first.begin(this);
    }

    boolean isInTurn() {
        return inTurn;
    }

    /**
     * The handler responds to a request.
     *
     * @param gone tells the handler that its client has gone; may be called twice
     */
    void responds(Runnable gone) {
        clientGone = gone;
        if (interrupted) { // After the write: one of the two threads sees what the other wrote.
            gone.run();
        }
    }

    /** The handler writes this stream. */
    void streams(BodySink sink) {
        stream = sink;
        clientGone = null; // A stream may last for days.
    }

    /**
     * Interrupts the run, unless it is the caller. Its client is gone by then, or will be as soon
     * as the event loop has time for it: a handler that fails after this has not failed.
     */
    void interrupt() {
        interrupted = true;
        Thread runner = thread;
        if (runner == Thread.currentThread()) {
            return;
        }
        Runnable gone = clientGone;
        if (gone != null) {
            gone.run();
        }
        if (runner != null) {
            runner.interrupt();
        }
    }

    @Override
    public @Nullable Thread thread() {
        return thread;
    }

    @Override
    public String name() {
        return route;
    }

    @Override
    public String advice() {
        return switch (route) {
            case CLOSE_ACTION, AFTER_RESPONSE -> "let it leave long work to a platform thread";
            case RouteName.NONE -> "let its hooks leave long work to a platform thread";
            default -> "wrap the handler in Microdot.blocking";
        };
    }

    @Override
    public @Nullable String overdueBecause() {
        if (route.equals(CLOSE_ACTION) || route.equals(AFTER_RESPONSE)) {
            return "a server that closes waits for it";
        }
        BodySink sink = stream;
        return sink == null || sink.isOpen()
                ? null
                : "it swallowed the interrupt, or waits for something that ignores it";
    }
}
