package microdot.netty.threads;

import microdot.internal.UserCode;

/** The threads of one server, as the watchdog sees them. */
public interface ServerThreads {
    /** Returns whether code of the application runs or may run at any moment; cheap. */
    boolean isBusy();

    /** Returns whether responses and requests take all the memory that they may; cheap. */
    default boolean isShortOfMemory() {
        return false;
    }

    /** Returns what runs now. */
    Iterable<? extends UserCode> running();
}
