package microdot.netty;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * One thread for any number of clients, so that a test with thousands of clients measures the
 * server and not its own threads.
 */
final class ClientLoop implements Executor, AutoCloseable {
    final Selector selector;

    /** The buffer that each client reads into. */
    final byte[] bytes = new byte[64 << 10];

    /** The same array as a buffer. */
    final ByteBuffer buffer = ByteBuffer.wrap(bytes);

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    ClientLoop() {
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread = Thread.ofPlatform().name("clients").daemon().start(this::run);
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    /** Runs the task on the loop and waits for it; throws what has failed by then. */
    void call(Runnable task) {
        var done = new CompletableFuture<Void>();
        execute(
                () -> {
                    guarded(task);
                    done.complete(null);
                });
        done.join();
        check();
    }

    /** Throws the first failure of any client. */
    void check() {
        Throwable first = failures.peek();
        if (first != null) {
            throw new AssertionError(first.getMessage(), first);
        }
    }

    private void run() {
        while (!closed) {
            try {
                selector.select(this::ready);
            } catch (IOException e) {
                failures.add(e);
            }
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                guarded(task);
            }
        }
    }

    private void ready(SelectionKey key) {
        guarded(() -> ((StreamClient) key.attachment()).ready());
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            failures.add(e);
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join();
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
