package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import microdot.JsonCodec;
import microdot.internal.ProcessErrors;
import microdot.internal.Quoted;
import microdot.sse.log.TopicOrder;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows of a table from its store, on its own thread: to make a topic the table, or again
 * after the store has lost something. It goes on until the engine can be read. The streams of the
 * topic wait meanwhile, and so does what reads or changes the table.
 */
final class TableLoad {
    private static final Logger LOG = System.getLogger("microdot.sse");

    /** Between two tries after a failure that is none of the engine. */
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final StoreNode store;
    private final TopicState topic;
    private final TableOptions options;
    private final JsonCodec json;
    private final Semaphore readers;
    private final Runnable ended;
    private final TopicOrder order;
    private final EngineWait done = new EngineWait();

    /** Whether the topic is the table already. Set before the thread starts. */
    private boolean again;

    // Of the own thread.
    private boolean retained;
    private boolean reported;

    private volatile @Nullable Throwable failure;
    private volatile String reason = "the engine has not answered";

    /**
     * @param readers has a permit for each table that may be read at the same time
     * @param ended runs at its end, under the lock of the order
     */
    TableLoad(
            StoreNode store,
            TopicState topic,
            TableOptions options,
            JsonCodec json,
            Semaphore readers,
            Runnable ended) {
        this.store = store;
        this.topic = topic;
        this.options = options;
        this.json = json;
        this.readers = readers;
        this.ended = ended;
        this.order = store.order();
    }

    /** Begins it for a topic that is known, whose log is empty. Under the lock of the order. */
    void begin() {
        again = topic.table() != null;
        becomeTable();
        if (again) {
            topic.loading(done);
        } else {
            topic.becomesTable(done);
        }
        topic.pinKnown();
        // Not here: the engine may need this thread before it can be read.
        Thread.ofVirtual().name("microdot-load").start(this::run);
    }

    /** Under the lock of the order. */
    void becomeTable() {
        String name = Quoted.whole(topic.name);
        topic.log.becomeTable(name, options.maxRows(), options.maxBytes());
    }

    /**
     * Waits until it is over.
     *
     * @throws StoreException when that takes too long; it goes on all the same
     */
    void await(long nanos, Duration timeout) {
        boolean over;
        try {
            over = done.await(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(
                    "table: " + Quoted.whole(topic.name) + ": interrupted while its rows were read",
                    false,
                    e);
        }
        if (!over) {
            throw new StoreException(
                    "table: "
                            + Quoted.whole(topic.name)
                            + ": its rows were not read within "
                            + timeout
                            + ": "
                            + reason
                            + " (expected: an engine that can be read; reading goes on, so try"
                            + " again, or set a longer publishTimeout)");
        }
        Throwable failed = failure;
        if (failed != null) {
            throw new StoreException(
                    "table: "
                            + Quoted.whole(topic.name)
                            + ": its rows could not be read: "
                            + failed,
                    false,
                    failed);
        }
    }

    private void run() {
        try {
            boolean over = false;
            while (!over) {
                over = again ? tryAgain() : tryOnce();
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            failure = e;
            order.runLocked(this::fail);
        } finally {
            done.end();
            topic.readers.wake();
            topic.unpin();
        }
    }

    /** Under the lock of the order. */
    private void fail() {
        if (again) {
            ended.run();
            topic.neverLoaded();
        } else {
            topic.log.becomeTopic(); // So that it can be tried again.
            end();
        }
    }

    /** Under the lock of the order: a loss that comes next begins another load. */
    private void end() {
        ended.run();
        topic.loaded();
    }

    /** Streams and the application have the table: no failure is the end, only a close. */
    private boolean tryAgain() throws InterruptedException {
        try {
            return tryOnce();
        } catch (EngineAwayException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            ProcessErrors.check(e);
            if (order.isClosed()) {
                throw e;
            }
            if (!reported) {
                reported = true;
                LOG.log(
                        Level.ERROR,
                        "the rows of table "
                                + Quoted.whole(topic.name)
                                + " could not be read after a loss of the store; they are read"
                                + " again and again",
                        e);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
            return false;
        }
    }

    /** Returns false when it has to be tried again. */
    private boolean tryOnce() throws InterruptedException {
        if (!retained) {
            store.retentions().set(topic.name, options);
            retained = true;
        }
        long removedAt = topic.log.removal().at();
        EngineWait engine;
        readers.acquire();
        try {
            List<StoredEntry> rows = store.history().latest(topic.name);
            long floor = Math.max(removedAt, store.history().floor(topic.name));
            return order.locked(() -> take(rows, floor, removedAt));
        } catch (EngineAwayException e) {
            engine = e.await();
            if (engine == null) {
                throw e;
            }
            reason = String.valueOf(e.getMessage());
        } finally {
            readers.release();
        }
        engine.await(TimeUnit.DAYS.toNanos(1));
        return false;
    }

    /** Under the lock of the order. Returns false when what was read is no longer right. */
    private boolean take(List<StoredEntry> rows, long floor, long removedAt) {
        if (again && topic.table() == null) { // It was removed.
            end();
            return true;
        }
        if (topic.log.removal().at() != removedAt) {
            if (topic.log.rows() == null) {
                becomeTable();
            }
            return false;
        }
        store.tail().load(topic, rows, floor);
        if (!again) {
            topic.log.beginTable();
            topic.becomeTable(options, json);
        }
        end();
        return true;
    }
}
