package peers;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.sse.ServerSentEventConnection;
import io.undertow.server.handlers.sse.ServerSentEventHandler;
import io.undertow.util.StatusCodes;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.xnio.Options;
import org.xnio.Sequence;
import org.xnio.XnioExecutor;

/** Undertow: its handler for event streams keeps the set of connections. */
public final class UndertowServer {
    private static final ServerSentEventHandler EVENTS = Handlers.serverSentEvents();

    private UndertowServer() {}

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        Undertow.Builder builder = Undertow.builder();
        if (args.length > 1) {
            builder.addHttpsListener(port, "127.0.0.1", tls(Path.of(args[1])))
                    .setServerOption(UndertowOptions.ENABLE_HTTP2, true)
                    .setSocketOption(
                            Options.SSL_ENABLED_PROTOCOLS, Sequence.of("TLSv1.3", "TLSv1.2"));
        } else {
            builder.addHttpListener(port, "127.0.0.1");
        }
        builder.setHandler(
                        Handlers.routing()
                                .get("/events", EVENTS)
                                .post("/publish", UndertowServer::publish)
                                .get(
                                        "/ticks",
                                        Handlers.serverSentEvents(
                                                (connection, last) -> tick(connection))))
                .build()
                .start();
    }

    /** The JDK's TLS. */
    private static SSLContext tls(Path folder) throws Exception {
        char[] password = "password".toCharArray();
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(folder.resolve("keys.p12").toFile(), password), password);
        var tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), null, null);
        return tls;
    }

    private static void publish(HttpServerExchange exchange) {
        exchange.getRequestReceiver()
                .receiveFullString(
                        (same, data) -> {
                            EVENTS.getConnections().forEach(connection -> connection.send(data));
                            same.setStatusCode(StatusCodes.NO_CONTENT);
                        });
    }

    private static void tick(ServerSentEventConnection connection) {
        long period = Long.parseLong(connection.getQueryParameters().get("ms").getFirst());
        var exchange = connection;
        long[] tick = {0};
        XnioExecutor.Key timer =
                ((org.xnio.XnioIoThread) Thread.currentThread())
                        .executeAtInterval(
                                () -> exchange.send(Long.toString(tick[0]++)),
                                period,
                                TimeUnit.MILLISECONDS);
        connection.addCloseTask(gone -> timer.remove());
    }
}
