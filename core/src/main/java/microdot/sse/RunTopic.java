package microdot.sse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import microdot.BodySink;
import microdot.CloseReason;
import microdot.JsonCodec;
import microdot.sse.log.EncodedEvent;
import microdot.sse.log.Epoch;
import microdot.sse.log.MemoryOrder;
import microdot.sse.log.Retention;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * The topic of one run: kept whole, without a name by which others could reach it, and with ids
 * that contain the run's token. Every method may be called from any thread.
 */
final class RunTopic {
    private static final Logger LOG = System.getLogger("microdot.sse");

    private final FollowerStart followers;
    private final RunTopics runs;
    private final TopicState state;
    private final MemoryOrder order;
    private final Epoch ids;
    private final @Nullable RunLastEvents lastEvents;
    private final JsonCodec json = JsonCodec.standard();

    /** What clients get last; null before the end, and for the checkpoint. */
    private volatile RunLastEvents.@Nullable Frames last;

    private RunTopic(Topics topics, TopicState state, Epoch ids, RunOptions options) {
        this.followers = topics.followers();
        TopicRegistry registry = topics.registry();
        this.runs = registry.runs();
        this.order = runs.order();
        this.state = state;
        this.ids = ids;
        this.lastEvents = options.lastEvents();
    }

    /**
     * Makes a topic.
     *
     * @param label names it in log entries and gaps
     * @param forgotten called once when it was forgotten, after its end
     * @return null if the budget of all topics has no room for it
     */
    static @Nullable RunTopic open(
            Topics topics, String label, String token, RunOptions options, Runnable forgotten) {
        TopicRegistry registry = topics.registry();
        Epoch ids = registry.runs().order().epoch().with(token);
        var retention =
                new Retention(Integer.MAX_VALUE, options.maxBytes(), options.keepForNanos(), null);
        TopicState state = registry.runs().add(label, retention, ids, forgotten);
        return state == null ? null : new RunTopic(topics, state, ids, options);
    }

    /**
     * Publishes an event and wakes the followers.
     *
     * @return the position, {@link TopicOrder#TOPIC_CLOSED} or {@link TopicOrder#TOPIC_FULL}
     */
    long publish(Event event) {
        try {
            return append(event, false);
        } catch (IllegalStateException e) {
            if (order.isClosed()) {
                return TopicOrder.TOPIC_CLOSED;
            }
            throw e;
        }
    }

    private long append(Event event, boolean isLast) {
        EncodedEvent encoded = EventEncoder.encodeWithoutId(event, json);
        long position = order.append(state.log, encoded, null, null, isLast);
        state.readers.wake();
        return position;
    }

    /**
     * Ends the topic. Never throws.
     *
     * @param failure the text after a failure
     * @param made the last events that {@link #failed} has made, which are sent if the memory of
     *     the topics has room for them; null for those made in advance
     */
    void close(RunEnd end, String failure, RunLastEvents.@Nullable Frames made) {
        try {
            if (lastEvents == null) {
                publishEnd(end.event(failure));
            } else {
                boolean own = made != null && order.keepBeside(state.log, made.length());
                last = own ? made : lastEvents.of(end);
            }
        } catch (RuntimeException | Error e) {
            // The topics are closed, or there is no memory: the end itself takes none.
            LOG.log(Level.DEBUG, "the last event of " + state.name + " was not published", e);
        } finally {
            order.close(state.log);
            state.readers.wake();
        }
    }

    /** Makes the last events after a failure. Runs code of the application. */
    RunLastEvents.@Nullable Frames failed(String failure) {
        return lastEvents == null ? null : lastEvents.failed(failure, state.name);
    }

    private void publishEnd(@Nullable Event event) {
        if (event != null) {
            append(event, true);
        }
    }

    /** Returns what clients get last. */
    private byte[] lastFrames(byte[] idLine) {
        RunLastEvents.Frames own = last;
        return own == null ? EventEncoder.checkpoint(idLine) : own.toBytes(idLine);
    }

    /** Returns the application's last events, without an id; null if it has none. */
    byte @Nullable [] lastEvents() {
        RunLastEvents.Frames own = last;
        return own == null ? null : own.withoutId();
    }

    /** Returns how many streams follow now. */
    int followerCount() {
        return state.followers.get();
    }

    /** Uses the topic from now on; returns false when it has been forgotten. */
    boolean pin() {
        return runs.pin(state);
    }

    void unpin() {
        state.unpin();
    }

    /** Returns whether the client with this id has everything of the topic, which has ended. */
    boolean isOver(@Nullable RunEventId id) {
        long end = state.log.closedAt();
        return end > 0 && id != null && isOwn(id) && id.position() >= end;
    }

    private boolean isOwn(RunEventId id) {
        return ids.name().equals(id.epoch() + "." + id.token()) && id.position() <= order.head();
    }

    /**
     * Makes the sink follow, from the first event on or after the client's id. With an id that the
     * topic never gave, the client gets a gap and then everything. If the topic was forgotten since
     * the response was made, the client is disconnected, and reconnects to what is right then.
     */
    void follow(BodySink sink, @Nullable String lastEventId, StreamClosingFrames closingFrames) {
        if (!pin()) { // Until the follower leaves.
            sink.abort(CloseReason.TOPIC_CLOSED);
            return;
        }
        RunEventId id = lastEventId == null ? null : RunEventId.parse(lastEventId);
        boolean known = lastEventId == null || (id != null && isOwn(id));
        Consumer<StartPosition> start;
        if (known) {
            long position = id == null ? state.log.floor() : id.position();
            String resumed = order.epoch().id(position);
            start = at -> at.fix(List.of(state), new StartPosition.Wish(resumed, 0, 0));
        } else {
            String lost = Objects.requireNonNull(lastEventId);
            start = at -> at.fixAfterGap(state, lost, reason(id));
        }
        followers.follow(
                sink, state, new CatchUp(order, ids, json, this::lastFrames), start, closingFrames);
    }

    private String reason(@Nullable RunEventId id) {
        if (id == null) {
            return "invalid";
        }
        return id.isOf(order.epoch()) ? "unknown" : "restarted";
    }
}
