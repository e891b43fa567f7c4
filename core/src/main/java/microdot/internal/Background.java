package microdot.internal;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * What the handlers of one server have started and what goes on without them: the server interrupts
 * it when it closes. Every method may be called from any thread.
 */
public final class Background {
    private static final Set<Background> OPEN = ConcurrentHashMap.newKeySet();

    private final BooleanSupplier ownThread;
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
     * Creates the background of a server.
     *
     * @param ownThread returns whether the caller's thread runs a handler of the server
     */
    public Background(BooleanSupplier ownThread) {
        this.ownThread = ownThread;
        OPEN.add(this);
    }

    /**
     * Adds work to the server whose handler the caller's thread runs; does nothing if there is none
     * or it has the work already.
     */
    public static void add(Work work) {
        for (Background background : OPEN) {
            if (!background.all.contains(work) && background.ownThread.getAsBoolean()) {
                background.all.add(work);
            }
        }
    }

    /** The server is closed: nothing is added any more. */
    public void close() {
        OPEN.remove(this);
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
