// The code of docs/guide/tables.md.

import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.TableOptions;
import microdot.sse.Topics;

record Reading(double temp) {}

void main(String[] args) {
    var app = new Microdot();

    var topics = new Topics();
    var sensors = topics.table("sensors", new TableOptions().ttl(Duration.ofMinutes(5)));
    app.get("/sensors", topics.stream("sensors"));

    sensors.put("kitchen", Map.of("temp", 21.5));
    sensors.put("hall", new Reading(19));
    sensors.remove("hall");

    Object value = sensors.get("kitchen");                    // a Map: {temp=21.5}
    Reading reading = sensors.get("kitchen", Reading.class);
    Map<String, Object> rows = sensors.rows();

    app.get("/all", topics.stream("sensors", "news"));

    app.get("/values", request -> value + " " + reading + " " + rows);
    app.post("/news", request -> topics.publish("news", Event.of(request.text()).event("news")));
    app.post("/sensors/{name}", request -> {
        sensors.put(request.param("name"), new Reading(Double.parseDouble(request.text())));
        return 204;
    });
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}
