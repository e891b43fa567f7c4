package microdot.sse;

import java.util.Arrays;
import microdot.BodySink;
import microdot.sse.log.TopicOrder;
import org.jspecify.annotations.Nullable;

/**
 * A follower whose heartbeats are events. A separate class, so that a follower of any other client
 * has no field for it.
 */
final class HeartbeatFollower extends Follower {
    private boolean begun; // Confined to the loop.

    HeartbeatFollower(
            TopicOrder order,
            CatchUp catchUp,
            BodySink sink,
            @Nullable FollowerFilter filter,
            boolean hasId) {
        super(order, catchUp, sink, filter, hasId);
    }

    /** Puts the first one before all else: the client measures from then on. */
    @Override
    public boolean fill(BodySink.Space space) {
        if (!begun) {
            begun = true;
            byte[] frame = EventEncoder.heartbeat(sink.heartbeat());
            space.put(frame, 0, frame.length);
        }
        return super.fill(space);
    }

    /** Returns the event, after the checkpoint if one is due. */
    @Override
    byte[] heartbeat() {
        byte[] frame = super.heartbeat();
        byte[] event = EventEncoder.heartbeat(sink.heartbeat());
        return Arrays.equals(frame, EventEncoder.HEARTBEAT)
                ? event
                : StreamClosingFrames.join(frame, event);
    }
}
