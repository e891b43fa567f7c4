// The users in a room: a table that the open streams fill. Two tabs of one user are one row.
//
//   ./microdot run examples/present/Present.java [PORT]
//   open http://localhost:5000/?name=ann

import microdot.Microdot;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Topics;

void main(String[] args) {
    var app = new Microdot();

    var topics = new Topics();
    topics.presence("room/1", request -> request.query("name"));       // null: watches only
    app.get("/events", topics.stream("room/1", "room/1/messages"));
    app.post("/messages", request -> topics.publish("room/1/messages", Event.of(request.text()).event("message")));

    app.get("/", request -> Response.html(PAGE));
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

final String PAGE = """
    <!doctype html>
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>Room</title>
    <p>Here: <span></span></p>
    <input placeholder="message">
    <ul></ul>
    <script>
      const here = new Map();
      const show = () => document.querySelector('span').textContent = [...here.keys()].join(', ');
      const events = new EventSource('/events' + location.search);
      events.addEventListener('snapshot', e => {
        const part = JSON.parse(e.data);
        if (part.part === 1) here.clear();
        Object.entries(part.rows).forEach(([name, value]) => here.set(name, value));
        show();
      });
      events.addEventListener('put', e => {
        const { key, value } = JSON.parse(e.data);
        here.set(key, value);
        show();
      });
      events.addEventListener('remove', e => {
        here.delete(JSON.parse(e.data).key);
        show();
      });
      events.addEventListener('message', e => {
        const item = document.createElement('li');
        item.textContent = e.data;
        document.querySelector('ul').append(item);
      });
      document.querySelector('input').addEventListener('change', e => {
        fetch('/messages', { method: 'POST', body: e.target.value });
        e.target.value = '';
      });
    </script>
    """;
