package microdot.sse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    private final Topics topics;
    private final BodySink sink;
    private final @Nullable Sieve sieve;
    private List<Cursor> cursors = List.of();
    private boolean ended;
    private boolean checkpoints;
    private byte @Nullable [] farewell;

    /**
     * Everything up to here was delivered or told, and the last position that the client was told.
     */
    private long position;

    private long told;

    Follower(Topics topics, BodySink sink, @Nullable Sieve sieve) {
        this.topics = topics;
        this.sink = sink;
        this.sieve = sieve;
    }

    BodySink sink() {
        return sink;
    }

    /** Begins. The cursors were fixed before, so that nothing published since is missed. */
    void begin(List<Cursor> cursors, long position) {
        this.cursors = cursors;
        this.position = position;
        this.told = position;
        this.checkpoints = cursors.stream().anyMatch(cursor -> cursor.log.options().checkpoints());
        cursors.forEach(Cursor::join);
        sink.pull();
    }

    /** The stream has ended. */
    void leave() {
        ended = true;
        cursors.forEach(Cursor::leave);
        cursors = List.of();
    }

    void pull() {
        sink.pull();
    }

    boolean isFiltered() {
        return sieve != null;
    }

    @Override
    public boolean fill(BodySink.Space space) {
        long upTo = topics.head();
        while (space.room() > 0 && !ended) {
            Cursor next = null;
            long lowest = Cursor.NOTHING;
            long second = upTo;
            for (Cursor cursor : cursors) {
                long one = cursor.nextPosition();
                if (farewell != null) {
                    return sayFarewell(space, farewell);
                }
                if (cursor.isWaiting()) {
                    return false; // What comes to it belongs ahead of what the others have.
                }
                if (one < lowest) {
                    second = Math.min(second, lowest);
                    lowest = one;
                    next = cursor;
                } else {
                    second = Math.min(second, one);
                }
            }
            if (next == null || lowest > upTo) {
                position = upTo;
                return false;
            }
            next.put(space, second);
        }
        return !ended;
    }

    /** What the topic kept is no longer enough for this one: does what the topic says. */
    void lagged(Cursor cursor) {
        if (cursor.log.options().onSlow() == TopicOptions.OnSlow.DISCONNECT) {
            disconnect(cursor);
            return;
        }
        prepare(cursor, () -> topics.catchUp(cursor));
    }

    /** Has the filter look at what is next, on a thread that may run user code. */
    void sift(Cursor cursor) {
        Sieve filter = sieve;
        if (filter != null) {
            long upTo = topics.head();
            prepare(cursor, () -> filter.next(cursor, upTo));
        }
    }

    /** Off the event loop: the cursor waits, and goes on with what the preparation gives. */
    void prepare(Cursor cursor, Preparation preparation) {
        cursor.await();
        Thread.ofVirtual().name("microdot-topics").start(() -> prepareNow(cursor, preparation));
    }

    /** On any thread that may block, while the cursor waits. */
    void prepareNow(Cursor cursor, Preparation preparation) {
        try {
            Prepared prepared = preparation.run();
            onLoop(
                    () -> {
                        cursor.resume(prepared.frames(), prepared.entry(), prepared.at());
                        sink.pull();
                    });
        } catch (RuntimeException | Error e) {
            Topics.LOG.log(
                    System.Logger.Level.ERROR, "following " + cursor.log.name + " failed", e);
            sink.abort();
        }
    }

    private boolean sayFarewell(BodySink.Space space, byte[] bytes) {
        space.put(bytes, 0, bytes.length);
        farewell = null;
        onLoop(sink::end); // After this fill, which is still to be written.
        return false;
    }

    private void disconnect(Cursor cursor) {
        ended = true;
        cursor.await();
        cursor.log.disconnected.increment();
        Duration retry = cursor.log.options().retry();
        farewell = Retry.about(retry == null ? DISCONNECT_RETRY : retry);
    }

    /** A comment, or where the topics want it and there is something to say, the position. */
    byte[] heartbeat() {
        if (checkpoints && fillsNothing() && position > told) {
            told = position;
            return topics.checkpoint(position);
        }
        return HEARTBEAT;
    }

    private boolean fillsNothing() {
        long upTo = topics.head();
        for (Cursor cursor : new ArrayList<>(cursors)) {
            if (cursor.nextPosition() <= upTo || cursor.isWaiting()) {
                return false;
            }
        }
        position = upTo;
        return true;
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
        Prepared run();
    }

    /**
     * What a cursor goes on with.
     *
     * @param frames for it alone, in the order of their positions
     * @param entry the entry that it reads after them
     * @param at the position up to which all was delivered or told, ahead of the frames
     */
    record Prepared(List<Frame> frames, long entry, long at) {}
}
