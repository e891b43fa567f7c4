// Every client receives what one client posts. docs/guide/from-python.md shows it beside the Python original.
//
//   ./microdot run examples/broadcast/Broadcast.java [PORT]
//   curl -N localhost:5000/events
//   curl -d 'hello, all' localhost:5000/publish

import microdot.Microdot;
import microdot.sse.Topics;

void main(String[] args) {
    var app = new Microdot();
    var topics = new Topics();

    app.get("/events", topics.stream("news"));

    app.post("/publish", request -> {
        topics.publish("news", request.text());
        return 204;
    });

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}
