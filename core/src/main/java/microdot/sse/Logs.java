package microdot.sse;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.JsonCodec;
import org.jspecify.annotations.Nullable;

/**
 * The logs of all topics, their common order, and the lock that makes it one: under it an event
 * gets its position and its place, and a follower its cursors. It is held for moments, by those who
 * publish and join; an event loop never waits for it.
 */
final class Logs {
    final Epoch epoch = new Epoch();

    private final JsonCodec json;
    private final MemoryBudget budget;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, EventLog> logs = new ConcurrentHashMap<>();
    private final Map<Executor, DeliveryTask> turns = new ConcurrentHashMap<>();
    private final ForgottenTopics forgotten = new ForgottenTopics();

    // Written under the lock, last of all: who reads it may read every entry up to it.
    private volatile long head;

    Logs(long maxBytes, JsonCodec json) {
        this.budget = new MemoryBudget(maxBytes);
        this.json = json;
    }

    /** Where the order, and one log in it, stood at one moment. */
    record Place(long head, long entry) {}

    /** The position up to which every event is in its log. From any thread. */
    long head() {
        return head;
    }

    byte[] checkpoint(long position) {
        return EncodedEvent.of(Event.of("").event("checkpoint"), json)
                .toBytes(epoch.idLine(position));
    }

    /** Runs under the lock. No code of users. */
    <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Runs under the lock when nobody holds it, and says whether it did. No code of users, but the
     * {@code equals} of their keys.
     */
    boolean ifFree(Runnable action) {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            action.run();
            return true;
        } finally {
            lock.unlock();
        }
    }

    Place place(EventLog log) {
        return locked(() -> new Place(head, log.next()));
    }

    /**
     * Appends, and gives the position.
     *
     * @param keyed what the function gave; of no use when the topic has another one by now
     */
    long append(
            EventLog log,
            EncodedEvent event,
            @Nullable Function<Event, @Nullable Object> function,
            @Nullable Object keyed) {
        byte[] userIdLine = event.userId() == null ? null : EncodedEvent.idLine(event.userId());
        lock.lock();
        try {
            long position = head + 1;
            byte[] idLine = userIdLine == null ? epoch.idLine(position) : userIdLine;
            Object key = Objects.equals(function, log.options().key()) ? keyed : null;
            log.append(event, idLine, position, System.nanoTime(), key);
            head = position;
            letGo();
            return position;
        } finally {
            lock.unlock();
        }
    }

    /** When all together keep too much: the oldest events of all go, whosever they are. */
    private void letGo() {
        if (!budget.isExceeded()) {
            return;
        }
        var oldest = new PriorityQueue<EventLog>(Comparator.comparingLong(EventLog::oldest));
        logs.values().stream().filter(log -> !log.isEmpty()).forEach(oldest::add);
        while (budget.isTight() && !oldest.isEmpty()) {
            EventLog log = oldest.remove();
            log.dropOldest();
            if (!log.isEmpty()) {
                oldest.add(log);
            }
        }
    }

    /**
     * Where a follower begins, and who will wake it.
     *
     * @param followed pinned by the caller
     */
    DeliveryTask join(
            Executor loop, List<EventLog> followed, StartPosition resume, Runnable fixCursors) {
        lock.lock();
        try {
            long now = System.nanoTime();
            followed.forEach(log -> log.trim(now));
            fixCursors.run();
            DeliveryTask turn = turns.computeIfAbsent(loop, DeliveryTask::new);
            turn.followers.incrementAndGet();
            followed.forEach(log -> log.followers.incrementAndGet());
            resume.cursors().forEach(cursor -> cursor.audience(cursor.log.audience(turn)));
            return turn;
        } finally {
            lock.unlock();
        }
    }

    // ---- Which there are ----

    /** The topic's log, made when it is not there; it is not forgotten until it is unpinned. */
    EventLog pinned(String name) {
        EventLog known = logs.get(name);
        if (known != null && known.pin()) {
            return known;
        }
        Topics.checked(name);
        lock.lock();
        try {
            EventLog log = logs.computeIfAbsent(name, this::create);
            log.pins.incrementAndGet();
            return log;
        } finally {
            lock.unlock();
        }
    }

    private EventLog create(String name) {
        return new EventLog(name, forgotten.floor(name), budget);
    }

    @Nullable EventLog existing(String name) {
        return logs.get(name);
    }

    void configure(EventLog log, TopicOptions options) {
        lock.lock();
        try {
            log.configure(options, json);
        } finally {
            lock.unlock();
        }
    }

    Topic.Stats stats(EventLog log) {
        return locked(
                () ->
                        new Topic.Stats(
                                log.followers.get(),
                                log.next(),
                                log.next() - log.keptFrom(),
                                log.bytes(),
                                log.delivered.sum(),
                                log.missed.sum(),
                                log.disconnected.sum()));
    }

    /** Lets go what is too old, whoever serves nobody, and topics that nobody would miss. */
    void sweep() {
        long now = System.nanoTime();
        for (EventLog log : logs.values()) {
            lock.lock();
            try {
                sweep(log, now);
            } finally {
                lock.unlock();
            }
        }
        lock.lock();
        try {
            turns.values().removeIf(turn -> turn.followers.get() == 0);
        } finally {
            lock.unlock();
        }
    }

    private void sweep(EventLog log, long now) {
        log.trim(now);
        log.pruneAudiences();
        if (log.forget()) {
            logs.remove(log.name);
            forgotten.add(log.name, log.last());
        }
    }

    /** How many loops are known. */
    int loops() {
        return turns.size();
    }

    /**
     * Up to where forgotten topics had events: a later topic of a name begins there, so that who
     * resumes from before is told. Names share a number by their hash, for there is no end of them:
     * who shares one may be told too much, and nobody too little.
     */
    private static final class ForgottenTopics {
        private final long[] floors = new long[4096];

        void add(String name, long last) {
            int at = at(name);
            floors[at] = Math.max(floors[at], last);
        }

        long floor(String name) {
            return floors[at(name)];
        }

        private int at(String name) {
            int hash = name.hashCode();
            return (hash ^ (hash >>> 16)) & (floors.length - 1);
        }
    }
}
