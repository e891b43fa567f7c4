package microdot.sse;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;
import org.jspecify.annotations.Nullable;

/** A connection that takes everything at once: copies it into a buffer, as a socket's would be. */
final class StandInSink implements BodySink {
    private static final int TURN = 64 << 10;

    private final Executor loop;
    private final byte[] buffer;
    // One for all turns: what this stand-in allocates would be counted as the topic's.
    private final Turn turn = new Turn();
    private @Nullable Feed feed;

    StandInSink(StandInLoop loop) {
        this.loop = loop;
        this.buffer = new byte[4 << 10];
    }

    /** Has one more client follow the topic, from now on. */
    static void follow(Topics topics, String name, StandInLoop loop) {
        var wish = new StartPosition.Wish(null, topics.head(), 0);
        topics.follow(new StandInSink(loop), List.of(name), wish, null);
    }

    @Override
    public void pull() {
        Feed source = feed;
        if (source != null) {
            turn.room = TURN;
            source.fill(turn);
        }
    }

    private final class Turn implements Space {
        private int room;

        @Override
        public int room() {
            return room;
        }

        @Override
        public void put(byte[] bytes, int from, int to) {
            int length = to - from;
            room -= length;
            System.arraycopy(bytes, from, buffer, 0, Math.min(length, buffer.length));
        }
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
        System.arraycopy(bytes, 0, buffer, 0, Math.min(bytes.length, buffer.length));
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    // Nothing here ends, and nothing is quiet for long enough to be kept alive.

    @Override
    public void end() {}

    @Override
    public void abort() {}

    @Override
    public void onClose(Runnable action) {}

    @Override
    public void keepAlive(Supplier<byte[]> frame) {}

    @Override
    public void closingFrames(Function<Duration, byte[]> last) {}

    @Override
    public void endAt(Instant time) {}
}
