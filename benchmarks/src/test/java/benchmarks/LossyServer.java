package benchmarks;

import java.util.concurrent.atomic.AtomicInteger;
import microdot.Microdot;
import microdot.sse.Topics;

/** A server that loses every tenth event, to test that a client sees it. */
final class LossyServer {
    private LossyServer() {}

    static Microdot app() {
        var topics = new Topics();
        var received = new AtomicInteger();
        var app = new Microdot();
        app.get("/events", topics.stream("events"));
        app.post(
                "/publish",
                request -> {
                    if (received.incrementAndGet() % 10 != 0) {
                        topics.publish("events", request.text());
                    }
                    return 204;
                });
        return app;
    }
}
