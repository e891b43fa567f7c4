package microdot.sse;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import microdot.BodySink;
import microdot.CloseReason;
import org.jspecify.annotations.Nullable;

/** A connection that takes everything at once: copies it into a buffer, as a socket's would be. */
class StandInSink implements BodySink {

    private final Executor loop;
    private final byte[] buffer;
    // One for all slices: what this stand-in allocates would count as the topic's.
    private final Slice slice = new Slice();
    private @Nullable Feed feed;

    StandInSink(StandInLoop loop) {
        this.loop = loop;
        this.buffer = new byte[4 << 10];
    }

    /** Makes one more client follow the topic, from now on. */
    static void follow(Topics topics, String name, StandInLoop loop) {
        var wish = new StartPosition.Wish(null, topics.head(), 0);
        topics.followers()
                .follow(
                        new StandInSink(loop),
                        List.of(name),
                        wish,
                        null,
                        new StreamClosingFrames());
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source != null) {
            slice.room = SLICE_BYTES;
            if (source.fill(slice)) {
                loop.execute(this::pull);
            }
        }
    }

    private final class Slice implements Space {
        private int room;

        @Override
        public int room() {
            return room;
        }

        @Override
        public void put(byte[] bytes, int from, int to) {
            room -= to - from;
            take(bytes, from, to);
        }
    }

    void take(byte[] bytes, int from, int to) {
        System.arraycopy(bytes, from, buffer, 0, Math.min(to - from, buffer.length));
    }

    @Override
    public void feed(Feed source) {
        feed = source;
    }

    @Override
    public Executor loop() {
        return loop;
    }

    @Override
    public void write(byte[] bytes) {
        take(bytes, 0, bytes.length);
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    // No stream ends here, and none is quiet for long enough to need a heartbeat.

    @Override
    public void end(CloseReason reason) {}

    @Override
    public void abort(CloseReason reason) {}

    @Override
    public @Nullable CloseReason closeReason() {
        return null;
    }

    @Override
    public void onClose(Runnable action) {}

    @Override
    public void keepAlive(Supplier<byte[]> frame) {}

    @Override
    public void endAt(Instant time) {}
}
