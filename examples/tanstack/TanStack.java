// The server of a chat with npm "@tanstack/ai-client": an answer survives every disconnect, a refresh and a second tab.
//
//   ./microdot run examples/tanstack/TanStack.java [PORT]
//   curl -N -H 'Cookie: token=ann-1' -H 'X-Run-Id: r1' -H 'Content-Type: application/json' http://localhost:5000/api/chat \
//        -d '{"threadId":"t1","runId":"r1","messages":[{"id":"m1","role":"user","content":"tell me more"}]}'
//   curl -N -H 'Cookie: token=ann-1' 'http://localhost:5000/api/chat?runId=r1&offset=-1'      the same answer, in a second terminal
//
// The page:  new ChatClient({ threadId, connection: fetchServerSentEvents('/api/chat'), persistence: localStoragePersistence() })

import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Run;
import microdot.sse.RunOptions;
import microdot.sse.Runs;
import microdot.sse.Topics;

// A stand-in: put your login here.
final Map<String, String> tokens = Map.of("ann-1", "ann", "bob-2", "bob");

/** What the client posts. It has chosen both ids. */
record Input(String threadId, String runId, List<Map<String, Object>> messages) {}

void main(String[] args) {
    var app = new Microdot();

    var runs = new Runs(new Topics(), new RunOptions()
            .maxBytes(256 << 10)                                        // of one answer
            .errorText(failure -> "The model failed. Try again.")
            .lastEvents((end, text) -> List.of(switch (end) {           // what this client wants at the end of a run
                case RETURNED -> Event.of("[DONE]");
                case FAILED -> error(text);
                case STOPPED, NOBODY_FOLLOWS -> error("The answer was stopped.");
                case TOO_LARGE -> error("The answer is too long.");
                case CLOSING, FORGOTTEN -> error("The server has restarted. Try again.");
            })));

    app.post("/api/chat", request -> {
        Response resumed = runs.resumed(request);                       // the same request again, after a disconnect
        if (resumed != null) return resumed;
        Input input = request.json(Input.class);
        if (input.messages() == null || input.messages().isEmpty()) throw new HttpException(400, "messages: none");
        String id = id(request, request.header("X-Run-Id"));
        return runs.stream(request, runs.start(id, run -> answer(run, input)));
    });
    app.get("/api/chat", runs.stream(request -> id(request, request.query("runId"))));   // a refresh, or another tab
    app.delete("/api/chat", request -> runs.stop(id(request, request.query("runId"))) ? 204 : 404);

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** The client chooses the id of a run, and others could guess it: it means a run of this user, and of nobody else. */
String id(Request request, String run) {
    String user = tokens.get(String.valueOf(request.cookie("token")));
    if (user == null) throw new HttpException(401);
    if (run == null || !run.matches("[\\w-]{1,64}")) {
        throw new HttpException(400, "run: " + run + " (expected: 1 to 64 letters, digits, - and _)");
    }
    return user + "/" + run;
}

Event error(String text) {
    return Event.of(Map.of("type", "RUN_ERROR", "message", text));
}

/** Streams an answer as the events of AG-UI. */
void answer(Run run, Input input) throws InterruptedException {
    run.send(Map.of("type", "RUN_STARTED", "threadId", input.threadId(), "runId", input.runId()));
    var model = new Model(input.messages());
    String message = "answer-" + input.runId();
    run.send(Map.of("type", "TEXT_MESSAGE_START", "messageId", message, "role", "assistant"));
    for (String token = model.next(); token != null; token = model.next()) {
        run.send(Map.of("type", "TEXT_MESSAGE_CONTENT", "messageId", message, "delta", token));
    }
    run.send(Map.of("type", "TEXT_MESSAGE_END", "messageId", message));
    run.send(Map.of("type", "RUN_FINISHED", "threadId", input.threadId(), "runId", input.runId()));
}

/** A stand-in: put the client of your model here. */
class Model {
    final Iterator<String> words;

    Model(List<Map<String, Object>> messages) {
        String prompt = String.valueOf(messages.getLast().get("content"));
        if (prompt.isBlank()) throw new IllegalArgumentException("no prompt");
        words = List.of(("You said: " + prompt + ". " + "And so on. ".repeat(20)).split("(?<= )")).iterator();
    }

    /** The next token, or null at the end. */
    String next() throws InterruptedException {
        Thread.sleep(50);
        return words.hasNext() ? words.next() : null;
    }
}
