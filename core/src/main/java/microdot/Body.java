package microdot;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a response carries. */
public sealed interface Body {
    /** Nothing. */
    record Empty() implements Body {}

    /** Bytes in memory. The array is not copied: do not change it after. */
    @SuppressWarnings(
            "ArrayRecordComponent") // Bodies are not compared, and a copy of each would cost.
    record Bytes(byte[] bytes) implements Body {}

    /** A part of a file, from an offset on, both in bytes. */
    record File(Path path, long offset, long length) implements Body {}

    /** Written piece by piece for as long as the writer runs; the head is sent before it starts. */
    record Stream(StreamWriter writer) implements Body {}

    /** Writes a streamed body. */
    @FunctionalInterface
    interface StreamWriter {
        /**
         * Writes the body; called at most once, on the request's virtual thread, and never for
         * HEAD. That of a handler that does not block ({@link Handler#mayBlock}) is called on the
         * body's {@link BodySink#loop()}. A return ends the body properly, unless it goes on by a
         * {@link BodySink#feed feed}.
         *
         * @throws Exception cuts the connection, so that the client can tell a broken body from a
         *     whole one
         */
        void writeTo(BodySink sink) throws Exception;

        /**
         * What is said last when the server ends the body before the writer has begun, as {@link
         * BodySink#closingFrames} says what is from then on; null for nothing, which is the
         * default.
         */
        default @Nullable Function<Duration, byte[]> closingFrames() {
            return null;
        }
    }
}
