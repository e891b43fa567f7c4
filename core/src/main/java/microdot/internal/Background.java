package microdot.internal;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What goes on in an application beside its requests, and is interrupted when a server closes. It
 * is no method of the application, because a user would see that. Every method may be called from
 * any thread.
 */
public final class Background {
    private static volatile @Nullable Function<Object, @Nullable Background> ofRequest;
    private static volatile @Nullable Function<Object, Background> ofApp;

    private final Set<Work> all = ConcurrentHashMap.newKeySet();

    /** Work that goes on beside requests. */
    public interface Work {
        /** Interrupts what runs now; does not wait for it. */
        void interrupt();

        /**
         * Waits until everything that was interrupted has ended.
         *
         * @param deadline when to give up, as {@link System#nanoTime} gives it
         */
        void await(long deadline) throws InterruptedException;
    }

    /** The static initializer of the request's class calls it. */
    public static void register(Function<Object, @Nullable Background> read) {
        ofRequest = read;
    }

    /** The static initializer of the application's class calls it. */
    public static void registerApp(Function<Object, Background> read) {
        ofApp = read;
    }

    /** Adds work to the application that serves the request; does nothing if it has it already. */
    public static void add(Object request, Work work) {
        Function<Object, @Nullable Background> read = ofRequest;
        Background background = read == null ? null : read.apply(request);
        if (background != null && !background.all.contains(work)) {
            background.all.add(work);
        }
    }

    /** Returns what goes on in the application. */
    public static Background of(Object app) {
        Function<Object, Background> read = ofApp;
        return read == null ? new Background() : read.apply(app);
    }

    /** Interrupts everything that runs now. */
    public void interrupt() {
        all.forEach(Work::interrupt);
    }

    /**
     * Waits until everything that was interrupted has ended. An interrupt of this thread ends the
     * wait, and is kept.
     *
     * @param deadline when to give up, as {@link System#nanoTime} gives it
     */
    public void await(long deadline) {
        try {
            for (Work work : all) {
                work.await(deadline);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
