package microdot.redis;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.protocol.CommandType;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import microdot.redis.MasterCheck.Checked;
import microdot.redis.SpineReader.Found;
import microdot.sse.store.Append;
import microdot.sse.store.EventStore.Opened;
import microdot.sse.store.EventStore.Tail;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import org.jspecify.annotations.Nullable;

/**
 * An open store. One thread connects, checks the engine, resolves appends of unknown fate, and
 * gives the tail what the spine has, until the link ends; then it begins anew. A timer fails late
 * appends and trims topics.
 */
final class RedisNode implements LinkOwner {
    private static final Logger LOG = System.getLogger("microdot.redis");
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    private final Settings settings;
    private final Tail tail;
    private final Keys keys;
    private final String id = StoreEpoch.newName();
    private final MasterCheck check;
    private final Links links;
    private final ScheduledThreadPoolExecutor timer;
    private final AppendQueue queue;
    private final FateSearch fates;
    private final RetentionSetter retentions;
    private final Thread thread = new Thread(this::run, "microdot-redis");
    private final Set<String> trimming = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();

    private final CurrentLink ready;
    private volatile @Nullable RedisLink current;

    // ---- Of the opening thread, then of the own thread.

    private long turn;
    private @Nullable SpineReader spine;
    private boolean away;

    RedisNode(Settings settings, Tail tail) {
        this.settings = settings;
        this.tail = tail;
        keys = new Keys(settings.namespace());
        check = new MasterCheck(id, settings.skew());
        links = new Links(settings, keys);
        ready = new CurrentLink(settings.timeout());
        timer =
                new ScheduledThreadPoolExecutor(
                        1, task -> daemon(new Thread(task, "microdot-redis-timer")));
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        queue = new AppendQueue(settings, id, this, timer);
        fates = new FateSearch(queue, id);
        retentions = new RetentionSetter(settings.skew());
        daemon(thread);
    }

    private static Thread daemon(Thread thread) {
        thread.setDaemon(true);
        return thread;
    }

    private StoreException notOpened(RuntimeException failure) {
        return new StoreException(
                RedisLink.failure(failure).getMessage()
                        + " (expected: a Redis that can be reached at "
                        + settings.address()
                        + ")",
                false,
                failure);
    }

    /** Connects for the first time and begins. */
    Opened open() {
        try {
            RedisLink link = links.connect();
            current = link;
            ServerInfo.warn(link.info, link.config);
            Checked checked = check.check(link, ++turn, 0, "");
            spine =
                    new SpineReader(
                            keys, tail, settings.timeout(), checked.epochs(), checked.tip());
            queue.knows(checked.head());
            thread.start();
            timer.scheduleWithFixedDelay(() -> goesOn(this::tick), 100, 100, TimeUnit.MILLISECONDS);
            timer.scheduleWithFixedDelay(() -> goesOn(this::sweep), 2, 10, TimeUnit.SECONDS);
            return new Opened(checked.epochs(), checked.head(), checked.ends());
        } catch (RuntimeException e) {
            throw e instanceof StoreException known ? known : notOpened(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("Redis: interrupted while opening", false, e);
        }
    }

    CompletionStage<List<Long>> append(Append append) {
        return queue.append(append);
    }

    void retain(String topic, StoreRetention retention) {
        retentions.set(topic, retention);
        try {
            timer.execute(this::setRetentions);
        } catch (RejectedExecutionException e) {
            throw new StoreException("store: closed (expected: retain before close)", false, e);
        }
    }

    /** Runs a script that reads. */
    List<Object> read(Script script, byte[]... values) {
        return ready.ask(link -> link.start(link.reads, script, values));
    }

    /** Returns the position of the newest entry. */
    long head() {
        List<Object> reply =
                ready.ask(
                        link ->
                                RedisLink.send(
                                        link.reads,
                                        CommandType.HGET,
                                        RedisLink.args().addKey(keys.meta).add("position")));
        Object position = reply.isEmpty() ? null : reply.getFirst();
        return position == null ? 0 : Replies.number(position);
    }

    // ---- The own thread.

    private void run() {
        int tries = 0;
        RedisLink link = current;
        while (!closed.get()) {
            try {
                if (link == null) {
                    link = links.connect();
                    current = link;
                    Checked checked = check.check(link, ++turn, queue.known(), spine().epoch());
                    fates.find(link, !checked.epoch().equals(spine().epoch()));
                }
                if (away) {
                    away = false;
                    ready.reason("");
                    LOG.log(Level.INFO, "Redis can be reached again");
                    tail.back();
                }
                tries = 0;
                serve(link);
            } catch (InterruptedException e) {
                return; // Closed.
            } catch (RuntimeException | Error e) { // This thread goes on: there is no other one.
                // The second try in a row: the first may have met a connection that was just cut.
                boolean report = link == null || tries > 0;
                goesOn(() -> gone(e, report));
            }
            RedisLink ended = link;
            goesOn(() -> end(ended));
            link = null;
            if (!pause(tries++)) {
                return;
            }
        }
    }

    /** Runs what may fail again, as when there is no memory for a log entry: the thread goes on. */
    private static void goesOn(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            try {
                LOG.log(Level.ERROR, "Redis: an unexpected error; the store goes on", e);
            } catch (RuntimeException | Error again) {
                // Nothing can be reported now.
            }
        }
    }

    private SpineReader spine() {
        SpineReader known = spine;
        if (known == null) {
            throw new IllegalStateException("store: not open (expected: open first)");
        }
        return known;
    }

    private void gone(Throwable error, boolean report) {
        if (closed.get()) {
            return;
        }
        if (!(error instanceof StoreException) && !(error instanceof RedisException)) {
            LOG.log(Level.ERROR, "Redis: an unexpected error; the store connects anew", error);
        }
        StoreException cause =
                error instanceof StoreException known ? known : RedisLink.failure(error);
        String text = String.valueOf(cause.getMessage());
        ready.reason(": " + text);
        if (report && !away) {
            away = true;
            LOG.log(Level.WARNING, "Redis cannot be reached; it is tried again: " + text);
            tail.away(text);
        }
    }

    private void end(@Nullable RedisLink link) {
        if (link != null) {
            ready.lost(link);
            link.close();
            queue.detach(link);
        }
        current = null;
    }

    private boolean pause(int tries) {
        long longest =
                Math.min(
                        LONGEST_PAUSE.toMillis(), SHORTEST_PAUSE.toMillis() << Math.min(tries, 10));
        try {
            Thread.sleep(ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    // Reads until the tail has reached the epoch of the engine; then appends go out.
    private void serve(RedisLink link) throws InterruptedException {
        SpineReader reader = spine();
        String sent = "";
        boolean idle = false;
        while (!closed.get()) {
            Found found = reader.read(link, idle);
            if (found == Found.HOLE) {
                lose(link);
            } else if (found == Found.NOTHING) {
                verify(link, reader);
                idle = true;
            }
            queue.knows(reader.position());
            if (idle && !reader.epoch().equals(sent)) {
                if (sent.isEmpty()) {
                    queue.attach(link, turn, reader.epoch());
                    ready.set(link);
                    setRetentions();
                } else {
                    queue.begins(reader.epoch());
                }
                sent = reader.epoch();
            }
        }
    }

    // Nothing came for a while: the engine may have been emptied meanwhile.
    private void verify(RedisLink link, SpineReader reader) {
        var args = RedisLink.args().addKey(keys.meta).add("epoch").add("node:" + id);
        List<Object> reply = link.await(RedisLink.send(link.appends, CommandType.HMGET, args));
        Object epoch = reply.getFirst();
        Object known = reply.get(1);
        if (epoch == null || known == null || Replies.number(known) != turn) {
            throw new StoreException(
                    "Redis: the keys of the namespace were removed or restored (expected: nobody"
                            + " changes them while a store is open)");
        }
        if (!Replies.text(epoch).equals(reader.epoch())
                && reader.read(link, false) == Found.NOTHING) {
            lose(link);
        }
    }

    private void lose(RedisLink link) {
        SpineReader reader = spine();
        LOG.log(
                Level.WARNING,
                "Redis: the spine no longer has the entries after position "
                        + reader.position()
                        + "; a new epoch begins (raise RedisStore.spineEntries)");
        List<Object> epochs =
                link.run(
                        Script.LOSE,
                        Keys.utf8(reader.epoch()),
                        Keys.utf8(StoreEpoch.newName()),
                        Keys.utf8(reader.position()));
        reader.skipTo(Replies.epochs(epochs));
    }

    // ---- The timer.

    private void tick() {
        queue.expire(ready.reason());
        setRetentions();
    }

    private void setRetentions() {
        RedisLink link = closed.get() ? null : current;
        if (link != null && ready.isReady()) {
            retentions.send(link);
        }
    }

    private void sweep() {
        RedisLink link = closed.get() ? null : current;
        if (link == null || !ready.isReady()) {
            return;
        }
        link.start(link.reads, Script.SWEEP, Keys.utf8(id), Keys.utf8(settings.skew().getAsLong()))
                .whenComplete(
                        (reply, error) -> {
                            if (reply != null
                                    && Replies.number(reply.getFirst()) == 1
                                    && !closed.get()) {
                                timer.execute(this::sweep);
                            }
                        });
    }

    @Override
    public void full(RedisLink link, String topic) {
        if (trimming.add(topic)) {
            link.start(
                            link.reads,
                            Script.TRIM,
                            Keys.utf8(topic),
                            Keys.utf8(settings.skew().getAsLong()))
                    .whenComplete(
                            (reply, error) -> {
                                trimming.remove(topic);
                                if (error instanceof RedisCommandExecutionException) {
                                    LOG.log(
                                            Level.WARNING,
                                            "Redis refused to trim a topic, which grows: "
                                                    + error.getMessage());
                                }
                            });
        }
    }

    @Override
    public void recheck(RedisLink link) {
        ready.lost(link);
        link.close(); // The read of the tail ends, and the check comes next.
    }

    /** Waits for appends under way, as long as one may take; then ends. */
    void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        RedisLink link = current;
        if (link != null && link.isOpen() && ready.isReady()) {
            await(queue.shut()); // Meanwhile the own thread goes on: it keeps the link.
        }
        closed.set(true);
        queue.close();
        if (link != null && link.isOpen()) {
            try {
                link.run(Script.LEAVE, Keys.utf8(id), Keys.utf8(turn));
            } catch (StoreException e) {
                LOG.log(Level.DEBUG, "Redis: the end of a node was not written", e);
            }
        }
        thread.interrupt();
        timer.shutdownNow();
        if (link != null) {
            link.close();
            await(link.ended());
        }
        ready.close();
        join();
        links.close();
    }

    private void await(CompletableFuture<Void> end) {
        try {
            end.get(settings.timeout().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.log(Level.DEBUG, "Redis: appends were under way when the store closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void join() {
        if (Thread.currentThread() == thread || !thread.isAlive()) {
            return;
        }
        try {
            thread.join(settings.timeout().toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
