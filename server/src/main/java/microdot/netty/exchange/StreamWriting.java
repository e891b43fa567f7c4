package microdot.netty.exchange;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import microdot.Body;
import microdot.Request;
import microdot.netty.stream.ChannelSink;
import org.jspecify.annotations.Nullable;

/**
 * Writes the body of one stream. The thread of a handler's stream runs this for as long as the
 * stream lasts, with few and small stack frames below it, because each stream keeps them.
 */
record StreamWriting(Request request, Body.StreamWriter writer, ChannelSink sink)
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
        if (failure != null) {
            LOG.log(
                    Level.ERROR,
                    () -> request + ": the stream failed; its client is disconnected",
                    failure);
            sink.abort();
        } else if (!sink.isFed()) {
            sink.end();
        }
    }
}
