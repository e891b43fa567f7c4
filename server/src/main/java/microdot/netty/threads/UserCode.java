package microdot.netty.threads;

import org.jspecify.annotations.Nullable;

/** Code of the application that runs on a thread of a server. */
public interface UserCode {
    /** Returns its thread; null before it runs and after. */
    @Nullable Thread thread();

    /** Returns what it is, such as the route {@code GET /users/{id}}. */
    String route();

    /** Returns whether it writes a stream that has ended. */
    boolean isStreamEnded();
}
