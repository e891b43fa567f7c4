package peers;

import static org.springframework.web.reactive.function.BodyInserters.fromServerSentEvents;
import static org.springframework.web.reactive.function.server.RequestPredicates.GET;
import static org.springframework.web.reactive.function.server.RequestPredicates.POST;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;
import static org.springframework.web.reactive.function.server.RouterFunctions.toHttpHandler;

import java.time.Duration;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.http.server.HttpServer;

/** Spring WebFlux on Reactor Netty: a multicast sink, with a buffer for each stream behind it. */
public final class WebfluxServer {
    private static final ServerSentEvent<String> HELLO =
            ServerSentEvent.<String>builder().comment("hello").build();

    private final Sinks.Many<String> events = Sinks.many().multicast().directBestEffort();

    private WebfluxServer() {}

    public static void main(String[] args) {
        var server = new WebfluxServer();
        var routes =
                route(GET("/events"), server::follow)
                        .andRoute(POST("/publish"), server::publish)
                        .andRoute(GET("/ticks"), WebfluxServer::tick);
        HttpServer.create()
                .host("127.0.0.1")
                .port(Integer.parseInt(args[0]))
                .handle(new ReactorHttpHandlerAdapter(toHttpHandler(routes)))
                .bindNow()
                .onDispose()
                .block();
    }

    private Mono<ServerResponse> follow(ServerRequest request) {
        // Without the buffer the sink would drop what a stream is not ready for.
        Flux<ServerSentEvent<String>> own =
                events.asFlux().onBackpressureBuffer().map(WebfluxServer::event);
        // The head goes out with the first event.
        return ServerResponse.ok().body(fromServerSentEvents(own.startWith(HELLO)));
    }

    private Mono<ServerResponse> publish(ServerRequest request) {
        return request.bodyToMono(String.class)
                .doOnNext(
                        data ->
                                events.emitNext(
                                        data,
                                        Sinks.EmitFailureHandler.busyLooping(
                                                Duration.ofSeconds(1))))
                .then(ServerResponse.noContent().build());
    }

    private static Mono<ServerResponse> tick(ServerRequest request) {
        long period = Long.parseLong(request.queryParam("ms").orElseThrow());
        Flux<ServerSentEvent<String>> ticks =
                Flux.interval(Duration.ZERO, Duration.ofMillis(period))
                        .onBackpressureBuffer()
                        .map(tick -> event(Long.toString(tick)));
        return ServerResponse.ok().body(fromServerSentEvents(ticks));
    }

    private static ServerSentEvent<String> event(String data) {
        return ServerSentEvent.builder(data).build();
    }
}
