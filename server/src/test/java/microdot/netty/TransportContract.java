package microdot.netty;

import java.util.function.LongSupplier;
import microdot.Microdot;
import microdot.ServerOptions;

/** What holds whichever way the server asks the kernel. */
abstract class TransportContract {
    static final String HOST = "Host: x\r\n";

    abstract IoMode io();

    final Served served(Microdot app) {
        return served(app, new ServerOptions());
    }

    final Served served(Microdot app, ServerOptions options) {
        return new Served(app, options, io());
    }

    /** Waits until the counter has begun and not moved for a while. */
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
