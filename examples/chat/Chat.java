// A chat with its history and a list of the people present: two topics for each room.
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

    // A new client gets the last fifty messages, a reconnecting client those it missed. An open stream counts as present.
    app.get("/rooms/{room}/events", topics.stream(request -> List.of(room(request), presence(room(request))))
            .last(50)
            .onOpen((request, sse) -> {
                String room = room(request);
                String name = request.query("name", "somebody");
                change(room, names -> names.add(name));
                sse.onClose(() -> change(room, names -> names.remove(name)));
            }));

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

String room(Request request) {
    return "room/" + request.param("room");
}

String presence(String room) {
    return room + "/presence";
}

/** The names in each room, one for each open stream. Pages choose their names: there is no login here. */
final Map<String, List<String>> present = new ConcurrentHashMap<>();

/** The change and its event are one step, so that the last event is always current. An empty room is forgotten. */
void change(String room, Consumer<List<String>> change) {
    topics.publish(presence(room), () -> {
        List<String> names = new ArrayList<>(present.getOrDefault(room, List.of()));
        change.accept(names);
        if (names.isEmpty()) present.remove(room); else present.put(room, names);
        return Event.of(names).event("presence");
    });
}
