package microdot.netty;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.function.LongSupplier;
import microdot.Microdot;
import microdot.ServerOptions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;

/**
 * A contract that holds for every {@link Wire}. Its clients always write HTTP/1.1: for HTTP/2 there
 * is an {@link Http2Gateway} between them and the server.
 */
abstract class TransportContract {
    static final String HOST = "Host: x\r\n";

    /** A test of what HTTP/2 does not have, or does in another way; its value says what. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.METHOD)
    @interface Http1Only {
        String value();
    }

    abstract Wire wire();

    @BeforeEach
    void skipWhatOnlyHttp1Has(TestInfo test) {
        Http1Only only = test.getTestMethod().orElseThrow().getAnnotation(Http1Only.class);
        Assumptions.assumeFalse(
                wire().http2 && only != null, () -> "not over HTTP/2: " + only.value());
    }

    /** Changes the options of each server. */
    ServerOptions changed(ServerOptions options) {
        return wire().options(options);
    }

    final Served served(Microdot app) {
        return served(app, new ServerOptions());
    }

    final Served served(Microdot app, ServerOptions options) {
        return new Served(app, changed(options), wire().io, wire().http2);
    }

    /** Waits until the counter is above 0 and has not changed for 0.3 seconds. */
    static long standstill(LongSupplier counter) {
        long last = 0;
        for (long since = System.nanoTime();
                last == 0 || System.nanoTime() - since < 300_000_000L;
                Thread.onSpinWait()) {
            if (counter.getAsLong() != last) {
                last = counter.getAsLong();
                since = System.nanoTime();
            }
        }
        return last;
    }
}
