package microdot;

import java.nio.file.Path;
import microdot.internal.Required;

/** The body of a response. */
public sealed interface Body {
    /** An empty body. */
    record Empty() implements Body {}

    /** Bytes in memory. The array is not copied: do not change it afterwards. */
    @SuppressWarnings(
            "ArrayRecordComponent") // Bodies are not compared, and a copy of each would cost.
    record Bytes(byte[] bytes) implements Body {
        public Bytes {
            Required.notNull(bytes, "bytes", "bytes, perhaps none");
        }
    }

    /** A part of a file, from an offset on, both in bytes. */
    record File(Path path, long offset, long length) implements Body {
        public File {
            Required.notNull(path, "path", "a file");
        }
    }

    /**
     * A body that is written piece by piece for as long as the writer runs; the head is sent before
     * the writer starts.
     *
     * @param closingFrames what the transport writes last when the server ends the body, whether or
     *     not the writer has begun by then. The transport takes it once, before the head is sent
     */
    record Stream(StreamWriter writer, ClosingFrames closingFrames) implements Body {
        public Stream {
            Required.notNull(writer, "writer", "a writer");
            Required.notNull(closingFrames, "closingFrames", "ClosingFrames.NONE for none");
        }

        /** A body without closing frames. */
        public Stream(StreamWriter writer) {
            this(writer, ClosingFrames.NONE);
        }
    }

    /** Writes a streamed body. */
    @FunctionalInterface
    interface StreamWriter {
        /**
         * Writes the body. Called at most once, on the request's virtual thread, and never for
         * HEAD. The writer of a call that does not block ({@link Call#mayBlock}) is called on the
         * body's {@link BodySink#loop()}. A return ends the body properly, unless a {@link
         * BodySink#feed feed} continues it.
         *
         * @throws Exception aborts the connection, so that the client can tell a broken body from a
         *     whole one
         */
        void writeTo(BodySink sink) throws Exception;
    }
}
