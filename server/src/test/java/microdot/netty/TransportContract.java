package microdot.netty;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.function.LongSupplier;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;

/**
 * A contract that holds for every {@link IoMode}, over HTTP/1.1 and over HTTP/2. Its clients always
 * write HTTP/1.1: for HTTP/2 there is an {@link Http2Gateway} between them and the server.
 */
abstract class TransportContract {
    static final String HOST = "Host: x\r\n";

    /** A test of what HTTP/2 does not have, or does in another way; its value says what. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.METHOD)
    @interface Http1Only {
        String value();
    }

    abstract IoMode io();

    /** Returns whether the server is asked over HTTP/2. */
    boolean http2() {
        return false;
    }

    @BeforeEach
    void skipWhatOnlyHttp1Has(TestInfo test) {
        Http1Only only = test.getTestMethod().orElseThrow().getAnnotation(Http1Only.class);
        Assumptions.assumeFalse(http2() && only != null, () -> "not over HTTP/2: " + only.value());
    }

    /** Changes the options of each server, as for TLS. */
    ServerOptions changed(ServerOptions options) {
        return options;
    }

    final Served served(Microdot app) {
        return served(app, new ServerOptions());
    }

    final Served served(Microdot app, ServerOptions options) {
        return new Served(app, changed(options), io(), http2());
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
