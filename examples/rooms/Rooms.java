// A chat in which each room has members: only they may read and write, and a member who is removed is disconnected.
//
//   ./microdot run examples/rooms/Rooms.java [PORT]
//   curl -N -H 'Cookie: token=ann-1' http://localhost:5000/rooms/board/events
//   curl -H 'Cookie: token=bob-2' -d 'hello' http://localhost:5000/rooms/board/messages
//   curl -X DELETE -H 'Cookie: token=ann-1' http://localhost:5000/rooms/board/members/bob

import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.Topics;

record Message(String from, String text) {}

record Place(String room, String member) {}

final Topics topics = new Topics();
final Map<String, String> tokens = Map.of("ann-1", "ann", "bob-2", "bob", "eve-3", "eve");
final Set<Place> members = ConcurrentHashMap.newKeySet();
final Map<Place, Set<Sse>> open = new ConcurrentHashMap<>();

void main(String[] args) {
    var app = new Microdot();
    members.addAll(List.of(new Place("board", "ann"), new Place("board", "bob")));

    // Called at each connect and each reconnect: a client whose right was withdrawn is refused here.
    app.get("/rooms/{room}/events", topics.stream(request -> List.of("room/" + placeOf(request).room()))
            .last(50)
            .onOpen((request, sse) -> remember(placeOf(request), sse)));

    app.post("/rooms/{room}/messages", request -> {
        Place place = placeOf(request);
        topics.publish("room/" + place.room(), Event.of(new Message(place.member(), request.text())).event("message"));
        return 204;
    });

    app.delete("/rooms/{room}/members/{name}", request -> {
        placeOf(request);
        var place = new Place(request.param("room"), request.param("name"));
        members.remove(place);
        open.getOrDefault(place, Set.of()).forEach(Sse::close);
        return 204;
    });

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** The caller's place in the room of the path; 401 without a valid token, 403 if the caller is not a member. */
Place placeOf(Request request) {
    String name = tokens.get(request.cookies().getOrDefault("token", ""));
    if (name == null) throw new HttpException(401);
    var place = new Place(request.param("room"), name);
    if (!members.contains(place)) throw new HttpException(403);
    return place;
}

/** Keeps the open streams of each member, so that they can be closed. */
void remember(Place place, Sse sse) {
    open.compute(place, (key, streams) -> {
        Set<Sse> more = streams == null ? ConcurrentHashMap.newKeySet() : streams;
        more.add(sse);
        return more;
    });
    sse.onClose(() -> open.computeIfPresent(place, (key, streams) -> {
        streams.remove(sse);
        return streams.isEmpty() ? null : streams;
    }));
    if (!members.contains(place)) sse.close();          // removed while the stream was opening
}
