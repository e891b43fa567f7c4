// A chat with its history and with who is there: one topic a room.
//
//   ./microdot run examples/chat/Chat.java [PORT]
//   open http://localhost:5000/rooms/lobby in two windows

import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Topics;

record Message(String name, String text) {}

final Topics topics = new Topics();

void main(String[] args) throws IOException {
    var app = new Microdot();
    String page;
    try (InputStream beside = getClass().getResourceAsStream("chat.html")) {
        page = new String(beside.readAllBytes(), StandardCharsets.UTF_8);
    }

    app.get("/", request -> Response.redirect("/rooms/lobby"));
    app.get("/rooms/{room}", request -> Response.html(page));

    app.post("/rooms/{room}/messages", request -> {
        Message message = request.json(Message.class);
        if (message.text() == null || message.text().isBlank()) {
            throw new HttpException(400, "text: empty (expected: something to say)");
        }
        topics.publish(room(request), Event.of(message).event("message"));
        return 204;
    });

    // Greets first, then follows: who comes gets the last fifty, who comes back what was said meanwhile.
    var events = topics.stream(request -> List.of(room(request), room(request) + "/presence")).last(50);
    app.get("/rooms/{room}/events", request -> {
        Response response = events.handle(request);
        tellPresence(room(request));
        return response;
    });

    Thread.startVirtualThread(this::watchPresence);
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

final Map<String, Integer> present = new ConcurrentHashMap<>();

String room(Request request) {
    return "room/" + request.param("room");
}

void tellPresence(String room) {
    present.putIfAbsent(room, 0);
}

/** Says so when the number of those who follow a room has changed. */
void watchPresence() {
    try {
        while (true) {
            present.replaceAll((room, before) -> {
                int now = topics.topic(room).followers();
                if (now != before) {
                    topics.publish(room + "/presence", Event.of(Map.of("here", now)).event("presence"));
                }
                return now;
            });
            Thread.sleep(500);
        }
    } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
    }
}
