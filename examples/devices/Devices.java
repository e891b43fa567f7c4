// Commands for devices that cannot hold a stream: each asks, and waits at most 25 seconds for an answer.
//
//   ./microdot run examples/devices/Devices.java [PORT]
//   sh examples/devices/device.sh http://localhost:5000/devices/pump/commands
//   curl -d open http://localhost:5000/devices/pump/commands

import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;

void main(String[] args) {
    var app = new Microdot();

    var topics = new Topics();
    topics.options("device/", new TopicOptions().keepFor(Duration.ofDays(1)));
    app.get("/devices/{id}/commands", topics.stream(request -> List.of("device/" + request.param("id"))));
    app.post("/devices/{id}/commands", request ->
            topics.publish("device/" + request.param("id"), Event.of(request.text()).event("command")));

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}
