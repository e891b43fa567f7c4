package microdot.internal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Code of the application that runs on a thread of the framework. */
public interface UserCode {
    /** Returns its thread; null before it runs and after. */
    @Nullable Thread thread();

    /** Returns what it is, such as the route {@code GET /users/{id}}. */
    String name();

    /** Returns what to do if it blocks its carrier thread. */
    String advice();

    /**
     * Returns why it may still run although what it belongs to has ended, such as the stream of a
     * handler; null as long as it may go on.
     */
    default @Nullable String overdueBecause() {
        return null;
    }

    /** The filters, snapshots and runs of the process, which run now. */
    final class OfTopics {
        private static volatile Iterable<? extends UserCode> all = List.of();

        private OfTopics() {}

        /** Sets what {@link #running} returns; it may be read by any thread at any time. */
        public static void set(Iterable<? extends UserCode> running) {
            all = running;
        }

        /** Returns what runs now. */
        public static Iterable<? extends UserCode> running() {
            return all;
        }
    }
}
