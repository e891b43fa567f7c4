package microdot.sse.store;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * A store in the memory of the process: the one to read before another is written, and for tests of
 * several nodes in one process. {@code new Topics()} needs none: it keeps its order itself.
 *
 * <pre>{@code
 * var store = new MemoryStore();
 * var first = new Topics(store);
 * var second = new Topics(store.node()); // Another node on the same engine.
 * }</pre>
 *
 * <table>
 * <caption>What it cannot do</caption>
 * <tr><th>Not possible</th><th>Instead</th></tr>
 * <tr><td>{@link EventStore.Limit#NOT_DURABLE}: nothing is kept when the process ends</td><td>A
 * store on disk or on a server</td></tr>
 * </table>
 */
public final class MemoryStore implements EventStore {
    private final MemoryEngine engine;

    /** All that are open on the engine. Under its lock. */
    private final List<MemoryStore> nodes;

    // Under the lock of the engine. A tail is called without it, because a tail waits for others.
    private final Queue<Consumer<Tail>> undelivered = new ArrayDeque<>();
    private @Nullable Tail tail;
    private boolean delivering;

    /** An engine of its own, and a first node on it. */
    public MemoryStore() {
        this(InstantSource.system());
    }

    /**
     * An engine of its own, and a first node on it.
     *
     * @param clock of the times of entries
     */
    public MemoryStore(InstantSource clock) {
        this(
                new MemoryEngine(
                        StoreEpoch.newName(), Required.notNull(clock, "clock", "a source of time")),
                new ArrayList<>());
    }

    private MemoryStore(MemoryEngine engine, List<MemoryStore> nodes) {
        this.engine = engine;
        this.nodes = nodes;
    }

    /** Returns another node on the same engine. */
    public MemoryStore node() {
        return new MemoryStore(engine, nodes);
    }

    @Override
    public Opened open(Tail follower) {
        Required.notNull(follower, "tail", "what gets the entries");
        synchronized (engine) {
            if (tail != null) {
                throw new StoreException("store: opened already (expected: one Topics for each)");
            }
            tail = follower;
            nodes.add(this);
            return new Opened(engine.epochs(), engine.head(), engine.ends());
        }
    }

    @Override
    public CompletionStage<List<Long>> append(Append append) {
        Required.notNull(append, "append", "what to append");
        List<Long> positions;
        synchronized (engine) {
            if (!nodes.contains(this)) {
                return CompletableFuture.failedFuture(
                        new StoreException("store: not open (expected: open, and not yet close)"));
            }
            try {
                MemoryEngine.Appended appended = engine.append(append);
                positions = appended.positions();
                if (!appended.batch().isEmpty()) {
                    enqueue(each -> each.appended(appended.batch()));
                }
            } catch (StoreException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        deliverAll();
        return CompletableFuture.completedFuture(positions);
    }

    /** Under the lock of the engine. */
    private void enqueue(Consumer<Tail> what) {
        nodes.forEach(node -> node.undelivered.add(what));
    }

    private void deliverAll() {
        List<MemoryStore> all;
        synchronized (engine) {
            all = List.copyOf(nodes);
        }
        all.forEach(MemoryStore::deliver);
    }

    /** Delivers the queued calls in order. One thread delivers; others return. */
    private void deliver() {
        while (true) {
            Consumer<Tail> next;
            Tail receiver;
            synchronized (engine) {
                receiver = tail;
                next = delivering || receiver == null ? null : undelivered.poll();
                if (next == null || receiver == null) {
                    return;
                }
                delivering = true;
            }
            try {
                next.accept(receiver);
            } finally {
                synchronized (engine) {
                    delivering = false;
                }
            }
        }
    }

    @Override
    public Page read(String topic, long after, long upTo, int maxBytes) {
        Required.notNull(topic, "topic", "its name");
        synchronized (engine) {
            return engine.read(topic, after, upTo, maxBytes);
        }
    }

    @Override
    public Page latest(String topic, long after, int maxBytes) {
        Required.notNull(topic, "topic", "its name");
        synchronized (engine) {
            return engine.latest(topic, after, maxBytes);
        }
    }

    @Override
    public Kept kept(String topic) {
        Required.notNull(topic, "topic", "its name");
        synchronized (engine) {
            return engine.kept(topic);
        }
    }

    @Override
    public OptionalLong find(String topic, String id) {
        Required.notNull(topic, "topic", "its name");
        Required.notNull(id, "id", "the id of an event");
        synchronized (engine) {
            return engine.find(topic, id);
        }
    }

    @Override
    public long head() {
        synchronized (engine) {
            return engine.head();
        }
    }

    @Override
    public void retain(String topic, StoreRetention retention) {
        Required.notNull(topic, "topic", "its name");
        Required.notNull(retention, "retention", "what is kept");
        synchronized (engine) {
            engine.retain(topic, retention);
        }
    }

    @Override
    public Set<Limit> limits() {
        return Set.of(Limit.NOT_DURABLE);
    }

    @Override
    public void close() {
        synchronized (engine) {
            nodes.remove(this);
            undelivered.clear();
        }
    }

    /**
     * Loses everything after a position, as an engine does that fails over, and tells all nodes:
     * for tests.
     */
    public void lose(long after) {
        synchronized (engine) {
            StoreEpoch epoch = engine.lose(StoreEpoch.newName(), after);
            enqueue(each -> each.begins(epoch));
        }
        deliverAll();
    }
}
