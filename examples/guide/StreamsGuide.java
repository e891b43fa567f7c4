// The code of docs/guide/streams.md.

import static microdot.sse.Sse.sseResponse;
import static microdot.sse.Sse.withSse;

import microdot.HttpException;
import microdot.Microdot;
import microdot.sse.Event;
import microdot.sse.Sse;

final List<String> lines = List.of("first", "second", "third");

void main(String[] args) {
    var app = new Microdot();

    app.get("/progress", withSse((request, sse) -> {
        for (int done = 0; done <= 100; done += 25) {
            sse.send(Map.of("done", done), "progress");
            Thread.sleep(100);
        }
        sse.send("", "finished");
    }));

    app.get("/log", withSse((request, sse) -> {
        for (int line = next(sse.lastEventId()); line < lines.size(); line++) {
            sse.send(lines.get(line), null, "" + line);
        }
    }));

    app.get("/events/{name}", request -> {
        if (!request.param("name").equals("tea")) throw new HttpException(404);
        return sseResponse(request, (req, sse) -> sse.send("ready")).header("X-Stream", "tea");
    });

    app.get("/batch", withSse((request, sse) -> {
        sse.send(Event.of(Map.of("temp", 21.5)).event("reading").id("42").retry(Duration.ofSeconds(3)));
        sse.comment("clients ignore this line");
    }));

    app.get("/over", request -> Sse.stopReconnecting());
    app.get("/starting", request -> Sse.rejectWithRetry(request, Duration.ofSeconds(30)));

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** The line after the one that the client got last. An id is input from a client, so it is checked. */
int next(String lastEventId) {
    try {
        return lastEventId == null ? 0 : Math.max(0, Integer.parseInt(lastEventId) + 1);
    } catch (NumberFormatException e) {
        return 0;
    }
}
