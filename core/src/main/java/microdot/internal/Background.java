package microdot.internal;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the requests of one server have started and what goes on without them: the server interrupts
 * it when it closes. It is no method of the request, because an application would see that. Every
 * method may be called from any thread.
 */
public final class Background {
    private static volatile @Nullable BiConsumer<Object, Background> writer;
    private static volatile @Nullable Function<Object, @Nullable Background> reader;

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

    /**
     * The static initializer of the request's class calls it.
     *
     * @param write sets the background of a request
     * @param read returns it; null if the request has none
     */
    public static void register(
            BiConsumer<Object, Background> write, Function<Object, @Nullable Background> read) {
        writer = write;
        reader = read;
    }

    /** Adds work to the server of the request; does nothing if it has it already. */
    public static void add(Object request, Work work) {
        Function<Object, @Nullable Background> read = reader;
        Background background = read == null ? null : read.apply(request);
        if (background != null && !background.all.contains(work)) {
            background.all.add(work);
        }
    }

    /** Makes this the background of a request, before its handler runs. */
    public void attach(Object request) {
        BiConsumer<Object, Background> write = writer;
        if (write != null) {
            write.accept(request, this);
        }
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
