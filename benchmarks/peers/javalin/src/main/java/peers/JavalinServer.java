package peers;

import io.javalin.Javalin;
import io.javalin.http.sse.SseClient;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Javalin, as its documentation has it: a set of clients, and a loop over it. */
public final class JavalinServer {
    private JavalinServer() {}

    public static void main(String[] args) {
        Set<SseClient> clients = ConcurrentHashMap.newKeySet();
        Javalin.create(
                        config -> {
                            config.startup.showJavalinBanner = false;
                            config.concurrency.useVirtualThreads = true;
                            config.routes.sse(
                                    "/events",
                                    client -> {
                                        client.keepAlive();
                                        client.onClose(() -> clients.remove(client));
                                        clients.add(client);
                                    });
                            config.routes.post(
                                    "/publish",
                                    context -> {
                                        String data = context.body();
                                        clients.forEach(client -> client.sendEvent(data));
                                        context.status(204);
                                    });
                            config.routes.sse("/ticks", JavalinServer::tick);
                        })
                .start("127.0.0.1", Integer.parseInt(args[0]));
    }

    private static void tick(SseClient client) {
        long period = Long.parseLong(client.ctx().queryParam("ms"));
        try {
            for (long tick = 0; !client.terminated(); tick++) {
                client.sendEvent(Long.toString(tick)); // A number would want a JSON library.
                Thread.sleep(period);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
