package microdot.sse;

import java.io.ByteArrayOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import microdot.JsonCodec;
import microdot.sse.log.EncodedEvent;
import org.jspecify.annotations.Nullable;

/**
 * The events that an application ends its runs with. They are made and checked in advance, so that
 * the end of a run never waits for code of the application; after a failure once more, on the
 * thread of the run.
 */
final class RunLastEvents {
    private static final Logger LOG = System.getLogger("microdot.sse");
    private static final byte[] NO_ID = {};

    /** They are kept beside what a run may keep, but count for the memory of all topics. */
    private static final int MAX_BYTES = 16 << 10;

    /** The events of one end, encoded; the id of the last one goes between the two. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Frames(byte[] beforeId, byte[] afterId) {
        /** Returns all events; the last one has the id. */
        byte[] toBytes(byte[] idLine) {
            return StreamClosingFrames.join(StreamClosingFrames.join(beforeId, idLine), afterId);
        }

        byte[] withoutId() {
            return StreamClosingFrames.join(beforeId, afterId);
        }

        int length() {
            return beforeId.length + afterId.length;
        }
    }

    private final JsonCodec json = JsonCodec.standard();
    private final BiFunction<RunEnd, String, List<Event>> events;
    private final Map<RunEnd, Frames> prepared = new EnumMap<>(RunEnd.class);

    /**
     * @param events returns the events of an end, with the text of a failure
     * @throws IllegalArgumentException when they are not such that clients can be sent them
     */
    RunLastEvents(BiFunction<RunEnd, String, List<Event>> events) {
        this.events = events;
        for (RunEnd end : RunEnd.values()) {
            prepared.put(end, encode(end, end.text()));
        }
    }

    /** Returns the events of any end but a failure; for a failure, with the default text. */
    Frames of(RunEnd end) {
        return Objects.requireNonNull(prepared.get(end));
    }

    /** Returns the events of a failure with this text; if they cannot be made, the default. */
    Frames failed(String text, String run) {
        try {
            return encode(RunEnd.FAILED, text);
        } catch (RuntimeException | Error e) {
            LOG.log(
                    Level.ERROR,
                    "the lastEvents of " + run + " failed; those of the default text were sent",
                    e);
            return of(RunEnd.FAILED);
        }
    }

    private Frames encode(RunEnd end, String text) {
        @Nullable List<Event> given = events.apply(end, text);
        if (given == null || given.isEmpty()) {
            throw new IllegalArgumentException(
                    "lastEvents: none for "
                            + end
                            + " (expected: at least one, so that clients know the end)");
        }
        var before = new ByteArrayOutputStream();
        for (Event event : given.subList(0, given.size() - 1)) {
            before.writeBytes(encode(event).toBytes(NO_ID));
        }
        EncodedEvent last = encode(given.getLast());
        before.writeBytes(last.head());
        var frames = new Frames(before.toByteArray(), last.rest());
        if (frames.length() > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "lastEvents: "
                            + frames.length()
                            + " bytes for "
                            + end
                            + " (expected: at most "
                            + MAX_BYTES
                            + ")");
        }
        return frames;
    }

    private EncodedEvent encode(Event event) {
        TopicRules.checkOfRun(event);
        return EventEncoder.encodeWithoutId(event, json);
    }
}
