// A stream for clients with a token.
//
//   ./microdot run examples/guarded/Guarded.java [PORT]
//   curl -N http://localhost:5000/events?token=sesame

import static microdot.sse.Sse.sseResponse;

import microdot.Microdot;
import microdot.Request;

// An EventSource cannot set headers: the token comes in a cookie or in the query.
final Map<String, String> users = Map.of("sesame", "Ali Baba");

void main(String[] args) {
    var app = new Microdot();

    app.beforeRequest(request -> {
        request.g().put("current_user", lookUp(request));
        return null;                                 // any other value would be the response
    });

    app.get("/events", request -> {
        if (request.g().get("current_user") == null) return 401;
        return sseResponse(request, (req, sse) -> sse.send("hello, " + req.g().get("current_user")))
                .header("X-Stream", "greeting");
    });

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

String lookUp(Request request) {
    return users.get(request.query("token", ""));
}
