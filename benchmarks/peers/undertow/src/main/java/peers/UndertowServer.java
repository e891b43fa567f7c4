package peers;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.sse.ServerSentEventConnection;
import io.undertow.server.handlers.sse.ServerSentEventHandler;
import io.undertow.util.StatusCodes;
import java.util.concurrent.TimeUnit;
import org.xnio.XnioExecutor;

/** Undertow: its handler for event streams keeps the set of connections. */
public final class UndertowServer {
    private static final ServerSentEventHandler EVENTS = Handlers.serverSentEvents();

    private UndertowServer() {}

    public static void main(String[] args) {
        Undertow.builder()
                .addHttpListener(Integer.parseInt(args[0]), "127.0.0.1")
                .setHandler(
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
