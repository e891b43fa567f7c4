// Any number of tabs on one connection: microdot.js lets one tab hold the stream and shares it with the others.
//
//   ./microdot run examples/tabs/Tabs.java [PORT]
//   open http://localhost:5000/ in eight tabs

import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.Topics;

void main(String[] args) throws IOException {
    var app = new Microdot();
    var topics = new Topics();
    String page;
    try (InputStream beside = getClass().getResourceAsStream("tabs.html")) {
        page = new String(beside.readAllBytes(), StandardCharsets.UTF_8);
    }

    app.get("/", request -> Response.html(page));

    // The browser client: all tabs share one connection.
    app.get("/microdot.js", Sse.client());

    // One stream for all that a page shows: several topics, which differ in the names of their events.
    app.get("/events", topics.stream("temperature", "news").last(1));

    app.post("/publish/{name}", request -> {
        String name = request.param("name");
        topics.publish(name, Event.of(request.text()).event(name));
        return 204;
    });

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}
