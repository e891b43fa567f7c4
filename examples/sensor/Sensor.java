// A sensor's readings, once a second.
//
//   ./microdot run examples/sensor/Sensor.java [PORT]
//   curl -N http://localhost:5000/events

import static microdot.sse.Sse.withSse;

import microdot.Microdot;

void main(String[] args) {
    var app = new Microdot();

    app.get("/events", withSse((request, sse) -> {
        while (true) {
            sse.send(Map.of("temp", readSensor()), "reading");
            Thread.sleep(1000);
        }
    }));

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

double readSensor() {
    return 20 + Math.random();
}
