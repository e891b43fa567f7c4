package microdot;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import microdot.internal.BriefLock;
import org.jspecify.annotations.Nullable;

/** A streamed body that is written as an {@link OutputStream}. */
record StreamedOutput(OutputWriter writer) implements Body.StreamWriter {
    private static final Logger LOG = System.getLogger("microdot");
    private static final int BUFFER_BYTES = 8 << 10;

    @Override
    public void writeTo(BodySink sink) throws Exception {
        var cancellation = new Cancellation();
        sink.onClose(cancellation::cancel);
        try {
            var out = new BufferedOutputStream(new ToSink(sink), BUFFER_BYTES);
            writer.writeTo(out);
            out.flush();
        } catch (Exception e) {
            if (!cancellation.finish()) {
                throw e;
            }
            LOG.log(Level.DEBUG, "the client left a streamed response", e);
        } finally {
            cancellation.finish();
        }
    }

    /** Interrupts the writer when the client leaves, but not what its thread does afterwards. */
    private static final class Cancellation extends BriefLock {
        private @Nullable Thread thread = Thread.currentThread();
        private boolean cancelled;

        void cancel() {
            lock();
            try {
                cancelled = true;
                if (thread != null) {
                    thread.interrupt();
                }
            } finally {
                unlock();
            }
        }

        /** Returns whether the client left before the writer had ended. */
        boolean finish() {
            lock();
            try {
                if (thread != null && cancelled) {
                    Thread.interrupted();
                }
                thread = null;
                return cancelled;
            } finally {
                unlock();
            }
        }
    }

    static void copy(Iterator<?> chunks, OutputStream out) throws IOException {
        while (chunks.hasNext()) {
            switch (chunks.next()) {
                case byte[] bytes -> out.write(bytes);
                case CharSequence text ->
                        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
                case Object other ->
                        throw new IllegalArgumentException(
                                "chunk: a "
                                        + other.getClass().getName()
                                        + " (expected: text or byte[])");
            }
            out.flush();
        }
    }

    private static final class ToSink extends OutputStream {
        private final BodySink sink;

        ToSink(BodySink sink) {
            this.sink = sink;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            try {
                sink.write(Arrays.copyOfRange(bytes, from, from + length));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw (IOException)
                        new InterruptedIOException("interrupted while the client does not read")
                                .initCause(e);
            }
        }
    }
}
