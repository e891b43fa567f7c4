package microdot.netty.threads;

import microdot.internal.UserCode;

/** The threads of one server, as the watchdog sees them. */
public interface ServerThreads {
    /** Returns whether code of the application runs or may run at any moment; cheap. */
    boolean isBusy();

    /** Returns what runs now. */
    Iterable<? extends UserCode> running();
}
