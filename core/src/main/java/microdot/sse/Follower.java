package microdot.sse;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/**
 * One client that follows topics: a cursor for each, merged by position, so that all it gets has
 * one order and one id resumes it. Of the event loop of its connection alone, except where it says
 * otherwise.
 */
final class Follower implements BodySink.Feed {
    private static final byte[] HEARTBEAT = EventEncoder.comment("");
    private static final Duration DISCONNECT_RETRY = Duration.ofSeconds(2);

    private static final byte[] NO_BYTES = {};
    private static final Cursor[] NONE = {};

    private final Logs logs;
    private final CatchUp catchUp;
    private final BodySink sink;
    private final @Nullable FollowerFilter sieve;
    private Cursor[] cursors = NONE;
    private boolean ended;
    private boolean checkpoints;

    /** Whether the client has an id to come back with. */
    private boolean hasId;

    private boolean greeted;
    private byte @Nullable [] closingFrames;

    /** The position of the last checkpoint. */
    private long checkpoint;

    // What the last look found: who is next, and whose turn it is then.
    private @Nullable Cursor next;
    private long lowest;
    private long second;
    private @Nullable Cursor owing;
    private int debts;

    Follower(
            Logs logs,
            CatchUp catchUp,
            BodySink sink,
            @Nullable FollowerFilter sieve,
            boolean hasId) {
        this.logs = logs;
        this.catchUp = catchUp;
        this.sink = sink;
        this.sieve = sieve;
        this.hasId = hasId;
    }

    /** Begins. The cursors were fixed before, so that nothing published since is missed. */
    void begin(Cursor[] cursors) {
        this.cursors = cursors;
        for (Cursor cursor : cursors) {
            checkpoints |= cursor.log.options().checkpoints();
            cursor.join();
        }
        sink.closingFrames(this::closingFrames);
        pull();
    }

    /** When to come again, by the first of the topics that says so: ahead of everything. */
    private void sayRetry(BodySink.Space space) {
        for (Cursor cursor : cursors) {
            Duration time = cursor.log.options().retry();
            if (time != null) {
                byte[] bytes = Retry.in(time);
                space.put(bytes, 0, bytes.length);
                return;
            }
        }
    }

    /** The stream has ended. */
    void leave() {
        ended = true;
        for (Cursor cursor : cursors) {
            cursor.leave();
        }
        cursors = NONE;
    }

    /** Whatever goes wrong with this one is no matter of those that come after it. */
    void pull() {
        try {
            sink.pull();
        } catch (RuntimeException | Error e) {
            Topics.LOG.log(Level.ERROR, "a follower failed", e);
            sink.abort();
        }
    }

    boolean isFiltered() {
        return sieve != null;
    }

    @Override
    public boolean fill(BodySink.Space space) {
        if (!greeted && cursors.length > 0) {
            greeted = true;
            sayRetry(space);
        }
        long upTo = logs.head();
        while (space.room() > 0 && !ended) {
            if (!look(upTo)) {
                return putClosingFrames(space);
            }
            if (owing != null) {
                owing.tell(space, debts > 1 ? NO_BYTES : logs.epoch.idLine(claim(upTo)));
                hasId |= debts == 1; // Of several only the last has one.
            } else if (next != null && lowest <= upTo) {
                long given = next.put(space, second);
                hasId |= given >= 0;
                if (given == upTo) {
                    return false; // That was the last of all: no need to look again.
                }
            } else {
                return false;
            }
        }
        return !ended;
    }

    /**
     * Looks at all cursors. False while one waits: what comes to it belongs ahead of what the
     * others have, for an id of theirs would say that it was delivered.
     */
    private boolean look(long upTo) {
        next = null;
        owing = null;
        debts = 0;
        lowest = Cursor.NOTHING;
        second = upTo;
        for (Cursor cursor : cursors) {
            long position = cursor.nextPosition();
            if (cursor.isWaiting()) {
                return false;
            }
            if (cursor.owes() > 0) {
                owing = owing == null ? cursor : owing;
                debts += cursor.owes();
            }
            if (position < lowest) {
                second = Math.min(second, lowest);
                lowest = position;
                next = cursor;
            } else {
                second = Math.min(second, position);
            }
        }
        return true;
    }

    /**
     * The position up to which the client has everything of every topic once all is told. What is
     * told has this for its id, and only the last of it: with an id any earlier a client that is
     * cut in between would come back as one that lacks nothing.
     */
    private long claim(long upTo) {
        return Math.min(upTo, lowest - 1);
    }

    /** What the topic kept is no longer enough for this one: does what the topic says. */
    void lagged(Cursor cursor) {
        if (cursor.log.options().onSlow() == TopicOptions.OnSlow.DISCONNECT) {
            disconnect(cursor);
            return;
        }
        prepare(cursor, () -> catchUp.slow(cursor));
    }

    /** Has the filter look at what is next, on a thread that may run user code. */
    void sift(Cursor cursor) {
        FollowerFilter filter = sieve;
        if (filter != null) {
            long upTo = logs.head();
            start(cursor, () -> filter.next(cursor, upTo));
        }
    }

    /** Off the event loop: the cursor waits, and goes on with what the preparation gives. */
    private void prepare(Cursor cursor, Preparation preparation) {
        start(cursor, () -> sifted(preparation.run()));
    }

    /** On any thread that may block, while the cursor waits. */
    void prepareNow(Cursor cursor, Preparation preparation) {
        run(() -> go(cursor, sifted(preparation.run())));
    }

    private void start(Cursor cursor, Preparation preparation) {
        cursor.await();
        onThread(() -> go(cursor, preparation.run()));
    }

    private void go(Cursor cursor, CatchUpResult prepared) {
        onLoop(
                () -> {
                    cursor.resume(prepared);
                    pull();
                });
    }

    /** On a thread that may block. What fails there ends the stream. */
    void onThread(Runnable task) {
        Thread.ofVirtual().name("microdot-topics").start(() -> run(task));
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            Topics.LOG.log(Level.ERROR, "a follower failed", e);
            sink.abort();
        }
    }

    private CatchUpResult sifted(CatchUpResult prepared) {
        return sieve == null ? prepared : sieve.sift(prepared);
    }

    private boolean putClosingFrames(BodySink.Space space) {
        byte[] bytes = closingFrames;
        if (bytes != null) {
            closingFrames = null;
            space.put(bytes, 0, bytes.length);
            onLoop(sink::end); // After this fill, which is still to be written.
        }
        return false;
    }

    private void disconnect(Cursor cursor) {
        ended = true;
        byte[] place = place();
        cursor.await();
        cursor.log.disconnected.increment();
        Duration retry = cursor.log.options().retry();
        closingFrames = join(place, Retry.about(retry == null ? DISCONNECT_RETRY : retry));
    }

    /** What is said last when the server ends the stream. */
    private byte[] closingFrames(Duration time) {
        return join(place(), Retry.in(time));
    }

    static byte[] join(byte[] one, byte[] other) {
        byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    /**
     * Where a client stands that has no id yet: it would come back as a new one, and nobody would
     * tell it what it missed. Nothing while a state or a gap is still to be told, for it would come
     * back as one that has it.
     */
    private byte[] place() {
        boolean owing = Arrays.stream(cursors).anyMatch(one -> one.isWaiting() || one.owes() > 0);
        return hasId || owing || cursors.length == 0
                ? NO_BYTES
                : logs.checkpoint(
                        Arrays.stream(cursors).mapToLong(Cursor::given).min().orElseThrow());
    }

    /** A comment, or where the topics want it and there is something to say, the position. */
    byte[] heartbeat() {
        long upTo = logs.head();
        if (checkpoints
                && upTo > checkpoint
                && Arrays.stream(cursors).allMatch(cursor -> cursor.isCaughtUp(upTo))) {
            checkpoint = upTo;
            return logs.checkpoint(upTo);
        }
        return HEARTBEAT;
    }

    /** From any thread. */
    void onLoop(Runnable task) {
        try {
            sink.loop().execute(task);
        } catch (RejectedExecutionException e) {
            sink.abort(); // The server has stopped.
        }
    }

    /** Makes what a waiting cursor goes on with. */
    @FunctionalInterface
    interface Preparation {
        CatchUpResult run();
    }
}
