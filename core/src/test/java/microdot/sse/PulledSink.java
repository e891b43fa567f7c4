package microdot.sse;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import microdot.BodySink;

/** A sink that only says when it is pulled. */
record PulledSink(Runnable pulled) implements BodySink {
    @Override
    public void pull() {
        pulled.run();
    }

    @Override
    public void write(byte[] bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void end() {}

    @Override
    public void abort() {
        throw new AssertionError("aborted");
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void onClose(Runnable action) {}

    @Override
    public void keepAlive(Supplier<byte[]> frame) {}

    @Override
    public void closingFrames(Function<Duration, byte[]> last) {}

    @Override
    public void endAt(Instant time) {}

    @Override
    public void feed(Feed feed) {}

    @Override
    public Executor loop() {
        throw new UnsupportedOperationException();
    }
}
