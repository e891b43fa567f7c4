// Sensors on a dashboard: a new page first gets every current reading (the snapshot), then each change.
//
//   ./microdot run examples/board/Board.java [PORT]
//   curl -d 21.5 http://localhost:5000/sensors/kitchen
//   open http://localhost:5000/

import microdot.HttpException;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;

record Reading(String sensor, double value) {}

final Topics topics = new Topics();
final Map<String, Double> readings = new ConcurrentSkipListMap<>();

void main(String[] args) {
    var app = new Microdot();

    topics.topic("sensors", new TopicOptions().snapshot(() -> new TreeMap<>(readings)));
    app.get("/events", topics.stream("sensors"));

    app.post("/sensors/{name}", request -> {
        put(request.param("name"), number(request.text()));
        return 204;
    });

    app.get("/", request -> Response.html(PAGE));
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** The change and its event are one step: a page sees each change once, in its snapshot or as an event. */
void put(String sensor, double value) {
    topics.publish("sensors", () -> {
        readings.put(sensor, value);
        return Event.of(new Reading(sensor, value)).event("reading");
    });
}

double number(String text) {
    try {
        return Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
        throw new HttpException(400, "body: \"" + text + "\" (expected: a number)");
    }
}

final String PAGE = """
    <!doctype html>
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>Sensors</title>
    <table></table>
    <script>
      const table = document.querySelector('table'), rows = new Map();
      const show = (sensor, value) => {
        if (!rows.has(sensor)) {
          const row = table.insertRow();
          row.insertCell().textContent = sensor;
          rows.set(sensor, row.insertCell());
        }
        rows.get(sensor).textContent = value;
      };
      const events = new EventSource('/events');
      events.addEventListener('snapshot', e => {
        table.replaceChildren();
        rows.clear();
        Object.entries(JSON.parse(e.data)).forEach(([sensor, value]) => show(sensor, value));
      });
      events.addEventListener('reading', e => {
        const { sensor, value } = JSON.parse(e.data);
        show(sensor, value);
      });
    </script>
    """;
