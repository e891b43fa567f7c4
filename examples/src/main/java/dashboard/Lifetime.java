package dashboard;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Closes what the demo opened and started, the newest first: when the demo ends, and when a signal
 * ends the process.
 */
final class Lifetime implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Lifetime.class.getName());

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private boolean isClosing;

    /**
     * @param patience how long after a signal the main thread may take to close it
     */
    Lifetime(Duration patience) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> closeAfter(patience), "demo-shutdown"));
    }

    /** Takes over what was opened, and closes it at once when the demo ends already. */
    <T extends AutoCloseable> T add(T part) {
        synchronized (parts) {
            if (!isClosing) {
                parts.push(part);
                return part;
            }
        }
        close(part);
        throw new IllegalStateException("the demo ends");
    }

    private void closeAfter(Duration patience) {
        try {
            if (!closed.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A second call waits for the first. */
    @Override
    public void close() {
        boolean isFirst;
        synchronized (parts) {
            isFirst = !isClosing;
            isClosing = true;
        }
        if (isFirst) {
            parts.forEach(Lifetime::close);
            closed.countDown();
        } else {
            try {
                closed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void close(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            LOG.log(System.Logger.Level.WARNING, "not closed: " + part, e);
        }
    }
}
