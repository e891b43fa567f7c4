package microdot.stores;

import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import microdot.BodySink;
import microdot.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * A client of a benchmark that takes everything at once: copies it, as into a socket, and counts
 * the events. Confined to its loop, except where it is awaited.
 */
final class FollowerSink implements BodySink {
    private final Executor loop;
    private final byte[] buffer = new byte[SLICE_BYTES];
    private final Slice slice = new Slice();
    private final long @Nullable [] published;
    private final long[] times;
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch done;
    private int events;
    private long bytes;
    private @Nullable Feed feed;

    /**
     * @param wanted how many events it gets
     * @param published when each of them was published; null where that is not measured
     */
    FollowerSink(Executor loop, int wanted, long @Nullable [] published) {
        this.loop = loop;
        this.published = published;
        this.times = new long[published == null ? 0 : wanted];
        this.done = new CountDownLatch(wanted);
    }

    void begun() {
        begun.countDown();
    }

    void awaitBegun() {
        try {
            begun.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits until it has all events. */
    void await() throws InterruptedException {
        if (!done.await(120, TimeUnit.SECONDS)) {
            throw new IllegalStateException(done.getCount() + " events have not come");
        }
    }

    /** Returns how long each event took, in nanoseconds. */
    LongStream latencies() {
        return Arrays.stream(times);
    }

    long bytes() {
        return bytes;
    }

    @Override
    public void pull() {
        loop.execute(this::fill);
    }

    private void fill() {
        Feed source = feed;
        if (source != null) {
            slice.room = SLICE_BYTES;
            if (source.fill(slice)) {
                loop.execute(this::fill);
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
        public void put(byte[] from, int start, int end) {
            room -= end - start;
            take(from, start, end);
        }
    }

    private void take(byte[] from, int start, int end) {
        int length = Math.min(end - start, buffer.length);
        System.arraycopy(from, start, buffer, 0, length);
        bytes += end - start;
    }

    @Override
    public void delivered(int count) {
        long now = published == null ? 0 : System.nanoTime();
        for (int i = 0; i < count; i++) {
            if (published != null) {
                times[events] = now - published[events];
            }
            events++;
            done.countDown();
        }
    }

    @Override
    public void feed(Feed source) {
        feed = source;
        pull();
    }

    @Override
    public Executor loop() {
        return loop;
    }

    @Override
    public void write(byte[] all) {
        take(all, 0, all.length);
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
