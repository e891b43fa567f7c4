package microdot.netty.exchange;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import microdot.Body;
import microdot.CloseReason;
import microdot.Request;
import microdot.netty.stream.ChannelSink;
import org.jspecify.annotations.Nullable;

/**
 * Writes the body of one stream. The thread of a handler's stream runs this for as long as the
 * stream lasts, and each stream keeps the stack frames below its handler: they are few and small.
 *
 * <p>Why: docs/decisions/0012-small-stack-frames.md (two frames had 370 and 450 bytes, and have 130
 * and 190).
 */
record StreamWriting(
        Request request, Body.StreamWriter writer, ChannelSink sink, @Nullable HeldHead head)
        implements Runnable {
    private static final Logger LOG = System.getLogger("microdot.netty");

    @Override
    public void run() {
        Throwable failure = null;
        try {
            writer.writeTo(sink);
        } catch (Throwable e) {
            failure = e;
        }
        end(failure);
    }

    private void end(@Nullable Throwable failure) {
        if (head != null) {
            head.leave();
        }
        if (failure != null) {
            LOG.log(
                    Level.ERROR,
                    () -> request + ": the stream failed; its client is disconnected",
                    failure);
            sink.failed(failure);
            sink.abort(CloseReason.HANDLER_FAILED);
        } else if (!sink.isFed()) {
            sink.end();
        }
    }
}
