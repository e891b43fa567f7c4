// A live table: a new page gets every row at once, then each change. Rows of silent sensors go by themselves.
//
//   ./microdot run examples/livetable/LiveTable.java [PORT]
//   curl -d 21.5 http://localhost:5000/sensors/kitchen
//   curl -X DELETE http://localhost:5000/sensors/kitchen
//   open http://localhost:5000/

import microdot.HttpException;
import microdot.Microdot;
import microdot.Response;
import microdot.sse.TableOptions;
import microdot.sse.Topics;

void main(String[] args) {
    var app = new Microdot();

    var topics = new Topics();
    var sensors = topics.table("sensors", new TableOptions().ttl(Duration.ofMinutes(5)));
    app.get("/events", topics.stream("sensors"));

    app.post("/sensors/{name}", request -> {
        sensors.put(request.param("name"), Map.of("temp", number(request.text())));
        return 204;
    });
    app.delete("/sensors/{name}", request -> sensors.remove(request.param("name")) ? 204 : 404);

    app.get("/", request -> Response.html(PAGE));
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
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
    <title>Live table</title>
    <table></table>
    <script>
      const rows = new Map();
      const show = () => {
        const table = document.querySelector('table');
        table.replaceChildren();
        for (const [sensor, value] of rows) {
          const row = table.insertRow();
          row.insertCell().textContent = sensor;
          row.insertCell().textContent = value.temp;
        }
      };
      const events = new EventSource('/events');
      events.addEventListener('snapshot', e => {
        const part = JSON.parse(e.data);
        if (part.part === 1) rows.clear();
        Object.entries(part.rows).forEach(([key, value]) => rows.set(key, value));
        show();
      });
      events.addEventListener('put', e => {
        const { key, value } = JSON.parse(e.data);
        rows.set(key, value);
        show();
      });
      events.addEventListener('remove', e => {
        rows.delete(JSON.parse(e.data).key);
        show();
      });
    </script>
    """;
