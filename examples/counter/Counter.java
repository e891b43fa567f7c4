// Counts for each client and resumes where it left off, like the example of the Python original.
//
//   ./microdot run examples/counter/Counter.java [PORT]
//   open http://localhost:5000/

import static microdot.sse.Sse.withSse;

import microdot.Microdot;
import microdot.Response;

void main(String[] args) {
    var app = new Microdot();

    app.get("/", request -> Response.html("""
        <!doctype html>
        <meta name="viewport" content="width=device-width">
        <meta name="color-scheme" content="light dark">
        <title>Counter</title>
        <h1 style="font: 20vmin system-ui; text-align: center">0</h1>
        <script>
          const events = new EventSource('/events');
          events.onmessage = e => document.querySelector('h1').textContent = e.data;
        </script>
        """));

    app.get("/events", withSse((request, sse) -> {
        System.out.println("Client connected");
        try {
            String last = sse.lastEventId();
            for (int count = last == null ? 1 : Integer.parseInt(last) + 1; ; count++) {
                sse.send(count, null, "" + count);
                Thread.sleep(1000);
            }
        } finally {
            System.out.println("Client disconnected");
        }
    }));

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}
