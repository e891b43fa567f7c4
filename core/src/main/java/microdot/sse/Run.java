package microdot.sse;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import microdot.BodySink;
import microdot.internal.Required;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * Work that outlives the connection that started it, and the events that it sends: see {@link
 * Runs}. Every method may be called from any thread.
 */
public final class Run {
    private final String id;
    private final String token;
    private final RunTopic topic;
    private final RunLife life = new RunLife();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicInteger joined = new AtomicInteger();

    /**
     * @param token what the ids on its streams contain; unguessable
     */
    Run(String id, String token, RunTopic topic) {
        this.id = id;
        this.token = token;
        this.topic = topic;
    }

    /** Returns the id that {@link Runs#start(String, RunHandler)} was given, or a random one. */
    public String id() {
        return id;
    }

    /** Returns false once the run has ended, for whatever cause. */
    public boolean isRunning() {
        return !ended.get();
    }

    /** Sends an event with this data, or the event itself. See {@link #send(Event)}. */
    public void send(Object data) {
        send(data instanceof Event event ? event : Event.of(data));
    }

    /** Sends an event with this data and name. See {@link #send(Event)}. */
    public void send(Object data, @Nullable String event) {
        send(Event.of(data).event(event));
    }

    /**
     * Sends the event to all clients that follow the run, and keeps it for those that come later.
     * Waits for no client.
     *
     * @throws StreamClosedException when the run has ended; also when the run would take more than
     *     {@link RunOptions#maxBytes} with this event, which ends it. The event is not sent
     * @throws IllegalArgumentException when the data cannot be written, the event has an id, or it
     *     has a name that {@link Topics#publish} refuses
     */
    public void send(Event event) {
        Required.notNull(event, "event", "an event");
        TopicRules.checkOfRun(event);
        long position = isRunning() ? topic.publish(event) : TopicOrder.TOPIC_CLOSED;
        if (position == TopicOrder.TOPIC_FULL) {
            end(RunEnd.TOO_LARGE);
            throw new StreamClosedException(
                    "the run has ended: with this event it would take more than its maxBytes, or"
                            + " runs more than half of the memory of the topics");
        }
        if (position == TopicOrder.TOPIC_CLOSED) {
            end(RunEnd.RETURNED); // Unless it has ended: the topics are closed.
            throw new StreamClosedException("the run has ended; the event was not sent");
        }
    }

    /** Returns the run with a shortened id, for log entries. */
    @Override
    public String toString() {
        return "run " + RunEventId.shortened(id);
    }

    // ---- For this package ----

    String token() {
        return token;
    }

    RunTopic topic() {
        return topic;
    }

    RunLife life() {
        return life;
    }

    /** Ends the run and interrupts its handler. Returns false when it has ended already. */
    boolean end(RunEnd end) {
        return end(end, end.text(), null);
    }

    /**
     * Ends the run after a failure of its handler. Code of the application makes its last events
     * before that, so that the run can be stopped meanwhile.
     */
    boolean fail(String text) {
        return !ended.get() && end(RunEnd.FAILED, text, topic.failed(text));
    }

    private boolean end(RunEnd end, String text, RunLastEvents.@Nullable Frames lastEvents) {
        if (!ended.compareAndSet(false, true)) {
            return false;
        }
        topic.close(end, text, lastEvents);
        life.cancel();
        return true;
    }

    /** Follows the run. See {@link RunTopic#follow}. */
    void follow(BodySink sink, @Nullable String lastEventId, StreamClosingFrames closingFrames) {
        joined.incrementAndGet();
        topic.follow(sink, lastEventId, closingFrames);
    }

    /** Returns how many streams have ever followed. */
    int joined() {
        return joined.get();
    }
}
