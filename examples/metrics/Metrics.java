// Serves figures of the server and of a topic to Prometheus, beside the stream of the topic.
//
//   ./microdot run examples/metrics/Metrics.java [PORT]
//   curl http://localhost:5000/metrics

import java.util.StringJoiner;
import java.util.concurrent.CompletableFuture;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Topic;
import microdot.sse.Topics;

void main(String[] args) throws Exception {
    var topics = new Topics();
    var started = new CompletableFuture<Server>();          // the routes are there before the server
    var app = new Microdot();
    app.get("/events", topics.stream("news"));
    app.post("/events", request -> topics.publish("news", request.text()));
    app.get("/metrics", request -> Response.text(text(started.join().stats(), topics.topic("news").stats())));

    Server server = app.start(new ServerOptions().port(args.length > 0 ? Integer.parseInt(args[0]) : 5000));
    started.complete(server);
    Runtime.getRuntime().addShutdownHook(new Thread(server::close));
    IO.println("http://localhost:" + server.port());
    server.awaitClosed();
}

String text(Server.Stats server, Topic.Stats news) {
    var lines = new StringJoiner("\n", "", "\n");
    lines.add("# TYPE microdot_streams gauge").add("microdot_streams " + server.streams());
    lines.add("# TYPE microdot_memory_bytes gauge").add("microdot_memory_bytes " + server.memory());
    lines.add("# TYPE microdot_rejected_total counter").add("microdot_rejected_total " + server.rejected());
    lines.add("# TYPE microdot_streams_ended_total counter");
    server.ended().forEach((reason, count) ->
            lines.add("microdot_streams_ended_total{reason=\"" + reason + "\"} " + count));
    lines.add("# TYPE microdot_events_missed_total counter");
    lines.add("microdot_events_missed_total{topic=\"news\"} " + news.missed());
    return lines.toString();
}
