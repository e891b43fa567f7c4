package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import microdot.ServerOptions;
import microdot.netty.limits.ConnectionLimits;
import org.junit.jupiter.api.Test;

class AcceptLimiterTest {
    /** A connection of a client on another machine. */
    private static final class Accepted extends EmbeddedChannel {
        @Override
        protected SocketAddress remoteAddress0() {
            return new InetSocketAddress("192.0.2.1", 1);
        }

        @Override
        public SocketAddress remoteAddress() {
            return remoteAddress0();
        }
    }

    private static EmbeddedChannel listener(ServerOptions options) {
        return new EmbeddedChannel(
                new AcceptLimiter(
                        new ConnectionLimits(options),
                        options.proxyProtocol(),
                        new CopyOnWriteArrayList<>()));
    }

    @Test
    void rejectedAddressIsLoggedOnceAMinute() {
        var logged = new Logged();
        try {
            var listener = listener(new ServerOptions().maxConnectionsPerAddress(1));
            var first = new Accepted();
            listener.writeInbound(first);
            assertEquals(List.of(), logged.complaints("192.0.2.1"));
            for (int i = 0; i < 3; i++) {
                var further = new Accepted();
                listener.writeInbound(further);
                assertFalse(further.isOpen());
            }
            assertTrue(first.isOpen());
            List<String> entries = logged.complaints("192.0.2.1");
            assertEquals(1, entries.size(), entries::toString);
            String entry = entries.getFirst();
            assertTrue(entry.contains("maxConnectionsPerAddress"), entry);
        } finally {
            logged.close();
        }
    }

    @Test
    void failureIsLoggedThoughTheLimitWasReachedJustBefore() {
        var logged = new Logged();
        try {
            var listener = listener(new ServerOptions().maxConnections(1));
            listener.writeInbound(new Accepted());
            listener.pipeline().fireExceptionCaught(new IOException("Too many open files"));
            assertEquals(1, logged.complaints("connections are open (maxConnections)").size());
            assertEquals(1, logged.complaints("Too many open files").size());
        } finally {
            logged.close();
        }
    }

    /** Without descriptors, the first log entry of a process can fail. */
    @Test
    void acceptingPausesThoughTheLogFails() {
        Logger logger = Logger.getLogger("microdot.netty");
        var broken =
                new Handler() {
                    @Override
                    public void publish(LogRecord record) {
                        throw new LinkageError("thrown by the test");
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        logger.addHandler(broken);
        try {
            var listener = listener(new ServerOptions());
            listener.pipeline().fireExceptionCaught(new IOException("Too many open files"));
            assertFalse(listener.config().isAutoRead());
            listener.checkException();
        } finally {
            logger.removeHandler(broken);
        }
    }
}
