package microdot.nats;

import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.StreamInfo;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import microdot.nats.Positions.Span;
import microdot.sse.store.Entry;
import microdot.sse.store.EventStore.Tail;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/**
 * An open store: one thread connects, looks whether the stream is still what it was, and gives the
 * tail what is appended. Whatever is doubtful ends the connection, and the next one looks again.
 */
final class NatsNode {
    private static final Logger LOG = System.getLogger("microdot.nats");

    private static final String OLDEST = "2.9.0";
    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long LAST_PAUSE_MILLIS = 2000;
    private static final long EXPIRE_MILLIS = 50;

    final Appends appends;
    final Progress progress = new Progress();
    final TopicEnds ends = new TopicEnds();

    private final NatsSettings settings;
    private final Tail tail;
    private final Thread reader = new Thread(this::run, "microdot-nats-tail");
    private final Thread timer = new Thread(this::expire, "microdot-nats-timer");
    private final CountDownLatch ended = new CountDownLatch(1);

    private volatile @Nullable TailState state;
    private final CurrentLink links = new CurrentLink();
    private final RefusedMessages refused;
    private volatile @Nullable TailConsumer consumer;
    private volatile boolean closed;

    private volatile boolean connecting;

    // Only the thread of the tail uses these, and the one that starts.
    private final TailBatch batch = new TailBatch();
    private @Nullable Connection connection;
    private long caughtUp;
    private long announced;
    private boolean away;

    NatsNode(NatsSettings settings, Tail tail) {
        this.settings = settings;
        this.tail = tail;
        this.appends = new Appends(settings, ends, doubted -> end());
        this.refused = new RefusedMessages(settings, links, appends);
        reader.setDaemon(true);
        timer.setDaemon(true);
    }

    /** Connects for the first time. */
    void connectFirst() {
        try {
            connect();
        } catch (IOException | JetStreamApiException | RuntimeException e) {
            disconnect();
            throw failure(e);
        } catch (InterruptedException e) {
            disconnect();
            Thread.currentThread().interrupt();
            throw new StoreException("NATS: interrupted while connecting", false, e);
        }
    }

    /** Begins to give the tail what is appended. */
    void start() {
        reader.start();
        timer.start();
    }

    private StoreException failure(Exception cause) {
        if (cause instanceof StoreException known) {
            return known;
        }
        return new StoreException(reason(cause), false, cause);
    }

    private String reason(Throwable cause) {
        return "NATS: "
                + settings.shownServers()
                + ": "
                + text(cause)
                + " (expected: a nats-server with JetStream, 2.9 or newer)";
    }

    private static String text(Throwable cause) {
        return NatsSettings.withoutPasswords(String.valueOf(cause.getMessage()));
    }

    /** What it has of the stream. */
    TailState state() {
        TailState now = state;
        if (now == null) {
            throw new IllegalStateException("not started");
        }
        return now;
    }

    /**
     * Returns the link; waits while the node connects again.
     *
     * @throws StoreException when the server cannot be reached
     */
    Link link() throws InterruptedException {
        Link now = links.await(settings.timeout.toMillis());
        if (closed) {
            throw new StoreException("store: closed (expected: an open one)");
        }
        if (now == null) {
            throw new StoreException(
                    "NATS: cannot be reached at " + settings.shownServers() + " (try again later)");
        }
        return now;
    }

    private void run() {
        long pause = FIRST_PAUSE_MILLIS;
        while (!closed) {
            try {
                if (links.get() == null) {
                    connect();
                    pause = FIRST_PAUSE_MILLIS;
                }
                deliver();
            } catch (IOException | JetStreamApiException | RuntimeException | Error e) {
                // A connection that ended is tried again at once, before the tail is notified.
                boolean wasConnected = links.get() != null;
                goesOn(() -> ended(e, wasConnected));
                if (!closed && !wasConnected) {
                    pause = pause(pause);
                }
            } catch (InterruptedException e) {
                break; // Closed.
            }
        }
        disconnect();
    }

    private void ended(Throwable cause, boolean wasConnected) {
        disconnect();
        if (!closed && wasConnected) {
            LOG.log(Level.INFO, "NATS: the connection ended: " + text(cause));
        }
        if (!closed && !wasConnected) {
            leave(cause);
        }
    }

    /** Runs what may fail again, as when there is no memory for a log entry: the thread goes on. */
    private static void goesOn(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            try {
                LOG.log(Level.ERROR, "NATS: an unexpected error; the store goes on", e);
            } catch (RuntimeException | Error again) {
                // Nothing can be reported now.
            }
        }
    }

    private void leave(Throwable cause) {
        links.giveUp();
        if (!away) {
            away = true;
            String reason = reason(cause);
            LOG.log(Level.WARNING, reason);
            inTail(() -> tail.away(reason));
        }
    }

    private long pause(long millis) {
        try {
            long random = ThreadLocalRandom.current().nextLong(millis / 2 + 1);
            if (ended.await(millis + random, TimeUnit.MILLISECONDS)) {
                return millis;
            }
        } catch (InterruptedException e) {
            return millis; // Closed.
        }
        return Math.min(2 * millis, LAST_PAUSE_MILLIS);
    }

    private void connect() throws IOException, JetStreamApiException, InterruptedException {
        connecting = true;
        try {
            Options options = settings.options().errorListener(new ErrorListener() {}).build();
            Connection made = Nats.connect(options);
            connection = made;
            if (!made.getServerInfo().isSameOrNewerThanVersion(OLDEST)) {
                throw new StoreException(
                        "nats-server: "
                                + made.getServerInfo().getVersion()
                                + " (expected: "
                                + OLDEST
                                + " or newer)");
            }
            resume(new EventStream(made, settings));
        } finally {
            connecting = false;
        }
    }

    private void resume(EventStream stream)
            throws IOException, JetStreamApiException, InterruptedException {
        StreamInfo info = stream.restored(stream.ensure());
        TailState seen = state;
        Resume resume;
        if (seen == null) {
            info = stream.limited(stream.startedAgain(info));
            resume = Resume.fresh(stream, info);
        } else {
            resume = Resume.after(stream, info, seen, settings.timeout);
        }
        stream.rememberStart();
        caughtUp = stream.last();
        TailState start = resume.state();
        String prefix = EventStream.prefix(info);
        consumer = new TailConsumer(stream, prefix + ">", start.sequence());
        state = start;
        announced = start.sequence();
        appends.resume(start);
        if (resume.begun() != null) {
            begins(resume.begun());
        }
        progress.reached(start.sequence());
        var made = new Link(stream, prefix, appends::answer);
        links.set(made);
        if (away) {
            away = false;
            LOG.log(Level.INFO, "NATS: back at " + settings.shownServers());
            inTail(tail::back);
        }
        if (!closed) {
            appends.attach(made);
        }
    }

    private void begins(StoreEpoch epoch) {
        ends.lose(epoch.previousEnd());
        LOG.log(
                Level.WARNING,
                "NATS: events after position "
                        + epoch.previousEnd()
                        + " are lost: a new epoch begins in stream "
                        + settings.stream());
        inTail(() -> tail.begins(epoch));
    }

    /** Gives the tail what comes, until the connection ends. */
    private void deliver() throws IOException, JetStreamApiException, InterruptedException {
        TailConsumer from = Objects.requireNonNull(consumer);
        Link current = Objects.requireNonNull(links.get());
        boolean isBehind = true;
        while (!closed) {
            if (isBehind && state().sequence() >= caughtUp) {
                isBehind = false;
                appends.failSent(current);
            }
            Scan.Found next = from.take();
            while (next != null) {
                add(next);
                next = batch.isFull() ? null : from.poll();
            }
            flush();
        }
    }

    private void add(Scan.Found found) throws IOException, JetStreamApiException {
        long sequence = found.at().sequence();
        TailState now = state();
        Span span =
                EventStream.span(
                        sequence, found.message().getSubject(), found.message().getHeaders());
        Positions positions = span == null ? now.positions() : now.positions().with(span);
        for (Span each : positions.spans()) {
            if (each.marker() > announced && each.marker() <= sequence) {
                flush();
                announced = each.marker();
                begins(each.epoch());
            }
        }
        batch.reach(new TailState(positions, sequence, found.at().nanos()));
        if (span != null) {
            flush();
            Objects.requireNonNull(links.get()).stream.remember(positions);
        }
        Entry entry = EntryMessage.entry(found.message());
        if (entry != null) {
            var stored =
                    new StoredEntry(
                            positions.position(sequence), found.at().nanos() / 1_000_000, entry);
            long number = appends.number(found.message().getHeaders());
            if (EntryMessage.isEndAgain(found.message())) {
                ends.replace(stored);
            } else if (ends.admits(stored, EntryMessage.endLasts(found.message()), sequence)) {
                batch.add(stored, number);
            } else {
                batch.refuse(entry.topic(), sequence, number);
            }
        }
    }

    private void flush() {
        TailState reached = batch.reached();
        if (reached == null) {
            return;
        }
        List<StoredEntry> entries = batch.entries();
        if (!entries.isEmpty()) {
            inTail(() -> tail.appended(entries));
        }
        state = reached;
        batch.complete(appends);
        batch.refused().forEach(refused::endAgain);
        batch.clear();
        appends.advance(reached);
        progress.reached(reached.sequence());
    }

    private void inTail(Runnable call) {
        if (closed) {
            return;
        }
        try {
            call.run();
        } catch (RuntimeException | Error e) { // This thread goes on: there is no other one.
            LOG.log(Level.ERROR, "NATS: a tail has failed", e);
        }
    }

    private void disconnect() {
        Link old = links.get();
        links.set(null);
        consumer = null;
        batch.clear();
        if (old != null) {
            appends.detach(old);
        }
        Connection ended = connection;
        connection = null;
        if (ended != null) {
            try {
                ended.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Ends the connection, so that the next one looks again whether the stream is the same. */
    private void end() {
        TailConsumer now = consumer;
        if (now != null) {
            now.end();
        }
    }

    private void expire() {
        try {
            while (!ended.await(EXPIRE_MILLIS, TimeUnit.MILLISECONDS)) {
                goesOn(appends::expire);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for appends under way, as long as an append may take, and ends. */
    void close() {
        boolean inReader = Thread.currentThread() == reader;
        appends.close(links.get() != null && !inReader);
        closed = true;
        links.giveUp();
        ended.countDown();
        end();
        if (connecting) {
            reader.interrupt();
        }
        if (!reader.isAlive()) {
            disconnect(); // It was never started.
        } else if (!inReader) {
            try {
                reader.join(settings.timeout);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        appends.failAll();
        progress.end();
    }
}
