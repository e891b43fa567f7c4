package peers;

import io.javalin.Javalin;
import io.javalin.http.sse.SseClient;
import java.nio.file.Path;
import java.security.Security;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.conscrypt.Conscrypt;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** Javalin, as its documentation has it: a set of clients, and a loop over it. */
public final class JavalinServer {
    private JavalinServer() {}

    public static void main(String[] args) {
        Security.addProvider(Conscrypt.newProvider());
        Set<SseClient> clients = ConcurrentHashMap.newKeySet();
        Javalin javalin =
                Javalin.create(
                        config -> {
                            config.startup.showJavalinBanner = false;
                            if (args.length > 1) {
                                config.jetty.addConnector(
                                        (server, http) ->
                                                tls(
                                                        server,
                                                        http,
                                                        Integer.parseInt(args[0]),
                                                        Path.of(args[1])));
                            }
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
                        });
        if (args.length > 1) {
            javalin.start();
        } else {
            javalin.start("127.0.0.1", Integer.parseInt(args[0]));
        }
    }

    /** Conscrypt, as Jetty's documentation recommends, and HTTP/2 by ALPN. */
    private static Connector tls(Server server, HttpConfiguration http, int port, Path folder) {
        var secure = new HttpConfiguration(http);
        secure.addCustomizer(new SecureRequestCustomizer(false)); // The client sends no SNI.
        var tls = new SslContextFactory.Server();
        tls.setProvider("Conscrypt");
        tls.setKeyStorePath(folder.resolve("keys.p12").toString());
        tls.setKeyStorePassword("password");
        tls.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        var http1 = new HttpConnectionFactory(secure);
        var alpn = new ALPNServerConnectionFactory();
        alpn.setDefaultProtocol(http1.getProtocol());
        var connector =
                new ServerConnector(
                        server,
                        new SslConnectionFactory(tls, alpn.getProtocol()),
                        alpn,
                        new HTTP2ServerConnectionFactory(secure),
                        http1);
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        connector.setIdleTimeout(0); // Streams without events stay open.
        return connector;
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
