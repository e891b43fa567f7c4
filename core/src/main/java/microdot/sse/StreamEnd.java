package microdot.sse;

import microdot.BodySink;
import microdot.internal.CloseReason;
import microdot.internal.EndsWithReason;

/** Ends streams with a reason, where the transport keeps it. */
final class StreamEnd {
    private StreamEnd() {}

    static void end(BodySink sink, CloseReason reason) {
        if (sink instanceof EndsWithReason stream) {
            stream.end(reason);
        } else {
            sink.end();
        }
    }

    static void abort(BodySink sink, CloseReason reason) {
        if (sink instanceof EndsWithReason stream) {
            stream.abort(reason);
        } else {
            sink.abort();
        }
    }
}
