package microdot.sse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import microdot.BodySink;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * A follower whose heartbeats are events. A separate class, so that a follower of any other client
 * has no field for it.
 */
final class HeartbeatFollower extends Follower {
    private static final byte[] AWAY = status("away");
    private static final byte[] BACK = status("back");

    private final BooleanSupplier isAway;

    // Confined to the loop.
    private boolean begun;
    private boolean sentAway;

    /**
     * @param isAway whether the engine of the topics cannot be reached
     */
    HeartbeatFollower(
            BooleanSupplier isAway,
            TopicOrder order,
            CatchUp catchUp,
            BodySink sink,
            @Nullable FollowerFilter filter,
            boolean hasId) {
        super(order, catchUp, sink, filter, hasId);
        this.isAway = isAway;
    }

    private static byte[] status(String store) {
        return ("event: status\ndata: {\"store\":\"" + store + "\"}\n\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Puts the first one before all else: the client measures from then on. */
    @Override
    public boolean fill(BodySink.Space space) {
        if (!begun) {
            begun = true;
            byte[] frame = withStatus(EventEncoder.heartbeat(sink.heartbeat()));
            space.put(frame, 0, frame.length);
        }
        return super.fill(space);
    }

    /** Adds the news that the engine cannot be reached, or can be again. */
    private byte[] withStatus(byte[] frame) {
        boolean away = isAway.getAsBoolean();
        if (away == sentAway) {
            return frame;
        }
        sentAway = away;
        return StreamClosingFrames.join(frame, away ? AWAY : BACK);
    }

    /** Returns the event, after the checkpoint if one is due. */
    @Override
    byte[] heartbeat() {
        byte[] frame = super.heartbeat();
        byte[] event = withStatus(EventEncoder.heartbeat(sink.heartbeat()));
        return Arrays.equals(frame, EventEncoder.HEARTBEAT)
                ? event
                : StreamClosingFrames.join(frame, event);
    }
}
