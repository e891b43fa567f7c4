package peers;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.HashSet;
import java.util.Set;

/**
 * Vert.x: a verticle for each core, each with its streams, and the event bus between them. The
 * event is encoded once for each verticle.
 */
public final class VertxServer extends VerticleBase {
    private final int port;
    private final Set<HttpServerResponse> streams = new HashSet<>();

    private VertxServer(int port) {
        this.port = port;
    }

    public static void main(String[] args) {
        int port = Integer.parseInt(args[0]);
        int cores = Runtime.getRuntime().availableProcessors();
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true))
                .deployVerticle(
                        () -> new VertxServer(port), new DeploymentOptions().setInstances(cores))
                .await();
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
        return vertx.createHttpServer().requestHandler(router).listen(port, "127.0.0.1");
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
