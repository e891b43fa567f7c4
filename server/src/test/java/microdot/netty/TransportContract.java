package microdot.netty;

import java.util.function.LongSupplier;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;

/** A contract that holds for every {@link IoMode}. */
abstract class TransportContract {
    static final String HOST = "Host: x\r\n";

    abstract IoMode io();

    /** Changes the options of each server, as for TLS. */
    ServerOptions changed(ServerOptions options) {
        return options;
    }

    final Served served(Microdot app) {
        return served(app, new ServerOptions());
    }

    final Served served(Microdot app, ServerOptions options) {
        return new Served(app, changed(options), io());
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
