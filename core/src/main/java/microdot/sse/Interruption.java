package microdot.sse;

import java.util.concurrent.CancellationException;

/** What a method throws when its thread is interrupted while it waits. */
final class Interruption {
    private Interruption() {}

    /** Keeps the interrupt flag, and returns what to throw. */
    static CancellationException of(InterruptedException cause) {
        Thread.currentThread().interrupt();
        var cancelled = new CancellationException("interrupted while waiting for events");
        cancelled.initCause(cause);
        return cancelled;
    }
}
