package microdot.sse;

import org.jspecify.annotations.Nullable;

/** Lets a client stop the application code that runs for it. */
interface Waiter {
    /**
     * Sets what stops the code that runs for the client. It runs at once when the client has left
     * already, and once when it leaves. One thing runs at a time: set null in between.
     *
     * @param stop null when nothing runs for the client any more
     */
    void stopWith(@Nullable Runnable stop);
}
