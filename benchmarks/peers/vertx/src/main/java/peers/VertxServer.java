package peers;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Vert.x: a verticle for each core, each with its streams, and the event bus between them. The
 * event is encoded once for each verticle.
 */
public final class VertxServer extends VerticleBase {
    private final int port;
    private final HttpServerOptions options;
    private final Set<HttpServerResponse> streams = new HashSet<>();

    private VertxServer(int port, HttpServerOptions options) {
        this.port = port;
        this.options = options;
    }

    public static void main(String[] args) {
        int port = Integer.parseInt(args[0]);
        HttpServerOptions options =
                args.length > 1 ? tls(Path.of(args[1])) : new HttpServerOptions();
        int cores = Runtime.getRuntime().availableProcessors();
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true))
                .deployVerticle(
                        () -> new VertxServer(port, options),
                        new DeploymentOptions().setInstances(cores))
                .await();
    }

    /** BoringSSL instead of the JDK's TLS, and HTTP/2 by ALPN. */
    private static HttpServerOptions tls(Path folder) {
        return new HttpServerOptions()
                .setSsl(true)
                .setUseAlpn(true)
                .setSslEngineOptions(new OpenSSLEngineOptions())
                .setKeyCertOptions(
                        new PemKeyCertOptions()
                                .setCertPath(folder.resolve("chain.pem").toString())
                                .setKeyPath(folder.resolve("key.pem").toString()));
    }

    @Override
    public Future<?> start() {
        vertx.eventBus()
                .<String>consumer(
                        "events",
                        message -> {
                            Buffer frame = Buffer.buffer("data: " + message.body() + "\n\n");
                            streams.forEach(stream -> stream.write(frame));
                        });
        Router router = Router.router(vertx);
        router.get("/events").handler(this::follow);
        router.post("/publish").handler(BodyHandler.create(false)).handler(this::publish);
        router.get("/ticks").handler(this::tick);
        return vertx.createHttpServer(options).requestHandler(router).listen(port, "127.0.0.1");
    }

    private static HttpServerResponse stream(RoutingContext context) {
        HttpServerResponse response = context.response();
        response.setChunked(true).putHeader("Content-Type", "text/event-stream").writeHead();
        return response;
    }

    private void follow(RoutingContext context) {
        HttpServerResponse response = stream(context);
        streams.add(response);
        response.closeHandler(gone -> streams.remove(response));
    }

    private void publish(RoutingContext context) {
        vertx.eventBus().publish("events", context.body().asString());
        context.response().setStatusCode(204).end();
    }

    private void tick(RoutingContext context) {
        HttpServerResponse response = stream(context);
        long[] tick = {0};
        long timer =
                vertx.setPeriodic(
                        Long.parseLong(context.request().getParam("ms")),
                        id -> response.write("data: " + tick[0]++ + "\n\n"));
        response.closeHandler(gone -> vertx.cancelTimer(timer));
    }
}
