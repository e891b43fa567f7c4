package microdot.internal;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Errors after which the process cannot go on, in the threads that the framework has once for the
 * process. Every open server of the process is notified, and closes. Thread-safe.
 */
public final class ProcessErrors {
    private static final int MOST_CAUSES = 16;
    private static final Object CHANGE = new Object();

    @SuppressWarnings({"unchecked", "rawtypes"}) // There is no array of a generic type.
    private static volatile Consumer<Throwable>[] servers = new Consumer[0];

    // The first use of a literal allocates it, and may find no room.
    static {
        isFatal(new OutOfMemoryError(""));
    }

    private ProcessErrors() {}

    /** Notifies the server of errors from now on. It must neither block nor allocate. */
    public static void add(Consumer<Throwable> server) {
        synchronized (CHANGE) {
            Consumer<Throwable>[] all = Arrays.copyOf(servers, servers.length + 1);
            all[servers.length] = server;
            servers = all;
        }
    }

    /** Notifies the server of no further errors. */
    public static void remove(Consumer<Throwable> server) {
        synchronized (CHANGE) {
            Consumer<Throwable>[] before = servers;
            int at = Arrays.asList(before).indexOf(server);
            if (at < 0) {
                return;
            }
            Consumer<Throwable>[] all = Arrays.copyOf(before, before.length - 1);
            System.arraycopy(before, at + 1, all, at, all.length - at);
            servers = all;
        }
    }

    /**
     * Notifies the servers if the process cannot go on after the error. Call it before the error is
     * logged, because that may fail too. Allocates nothing.
     */
    public static void check(Throwable error) {
        if (isFatal(error)) {
            Consumer<Throwable>[] all = servers;
            for (int i = 0; i < all.length; i++) {
                all[i].accept(error);
            }
        }
    }

    /** Runs the task, and checks what it throws before it is thrown. */
    public static void checked(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            check(e);
            throw e;
        }
    }

    /**
     * Returns whether a thread of the framework cannot go on after the error: the heap is full, or
     * the JVM is broken.
     */
    public static boolean isFatal(Throwable error) {
        Throwable cause = error;
        for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
            if (cause instanceof VirtualMachineError) {
                return !(cause instanceof StackOverflowError) && !isOfDirectMemory(cause);
            }
            cause = cause.getCause();
        }
        return false;
    }

    /** Direct memory is released when the connection that asked for it is closed. */
    private static boolean isOfDirectMemory(Throwable error) {
        String text = error.getMessage();
        return error instanceof OutOfMemoryError && text != null && text.contains("direct");
    }
}
