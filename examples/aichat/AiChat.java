// The server of a chat with npm "ai" 7 (useChat): an answer survives a refresh, and every tab shows it.
//
//   ./microdot run examples/aichat/AiChat.java [PORT]
//   curl -N -H 'Cookie: token=ann-1' -H 'Content-Type: application/json' http://localhost:5000/api/chat \
//        -d '{"id":"c1","messages":[{"id":"m1","role":"user","parts":[{"type":"text","text":"tell me more"}]}]}'
//   curl -N -H 'Cookie: token=ann-1' http://localhost:5000/api/chat/c1/stream      the same answer, in a second terminal
//
// The page has no code for it but:  useChat({ id, messages, resume: true })
// with the messages of              GET /api/chat/ID

import java.util.concurrent.ConcurrentHashMap;
import microdot.HttpException;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.sse.Event;
import microdot.sse.Run;
import microdot.sse.RunOptions;
import microdot.sse.Runs;
import microdot.sse.Topics;

// Stand-ins: put your login and your database here.
final Map<String, String> tokens = Map.of("ann-1", "ann", "bob-2", "bob");
final Map<String, Chat> chats = new ConcurrentHashMap<>();

/** What the client posts: the whole chat, of which the last message is new. */
record Post(String id, List<Map<String, Object>> messages) {}

/** The messages of a chat, and the id of its newest answer, which is also the id of the run. */
record Chat(List<Map<String, Object>> messages, String answer) {}

void main(String[] args) {
    var app = new Microdot();

    var done = Event.of("[DONE]");
    var runs = new Runs(new Topics(), new RunOptions()
            .maxBytes(256 << 10)                                        // of one answer
            .errorText(failure -> "The model failed. Try again.")
            .lastEvents((end, text) -> switch (end) {                   // what this client wants at the end of a run
                case RETURNED -> List.of(done);
                case STOPPED, NOBODY_FOLLOWS -> List.of(Event.of(Map.of("type", "abort", "reason", text)), done);
                case FAILED -> List.of(error(text), done);
                case TOO_LARGE -> List.of(error("The answer is too long."), done);
                case CLOSING, FORGOTTEN -> List.of(error("The server has restarted. Try again."), done);
            }));

    app.post("/api/chat", request -> {
        Post post = request.json(Post.class);
        if (post.messages() == null || post.messages().isEmpty()) throw new HttpException(400, "messages: none");
        String key = key(request, post.id());
        String answer = UUID.randomUUID().toString();                   // nobody can guess it
        Chat before = chats.put(key, new Chat(post.messages(), answer));
        if (before != null) runs.stop(before.answer());
        Run run = runs.start(answer, own -> answer(own, key, post.messages()));
        return stream(runs, request, run);
    });
    app.get("/api/chat/{id}/stream", request -> {                       // a refresh, or another tab
        Chat chat = chats.get(key(request, request.param("id")));
        Run run = chat == null ? null : runs.find(chat.answer());
        return run == null ? 204 : stream(runs, request, run);          // 204: nothing to resume; 404 would be an error
    });
    app.delete("/api/chat/{id}/stream", request -> {                    // the client's own stop() only disconnects
        Chat chat = chats.get(key(request, request.param("id")));
        return chat != null && runs.stop(chat.answer()) ? 204 : 404;
    });
    app.get("/api/chat/{id}", request -> {
        Chat chat = chats.get(key(request, request.param("id")));
        return chat == null ? List.of() : chat.messages();
    });

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** The client chooses the id of a chat: it means a chat of this user, and of nobody else. */
String key(Request request, String chat) {
    String user = tokens.get(String.valueOf(request.cookie("token")));
    if (user == null) throw new HttpException(401);
    return user + "/" + chat;
}

Response stream(Runs runs, Request request, Run run) {
    return runs.stream(request, run).header("x-vercel-ai-ui-message-stream", "v1");
}

Event error(String text) {
    return Event.of(Map.of("type", "error", "errorText", text));
}

/** Streams an answer as one text part, and stores it. */
void answer(Run run, String key, List<Map<String, Object>> messages) throws InterruptedException {
    var model = new Model(messages);
    var whole = new StringBuilder();
    run.send(Map.of("type", "start", "messageId", run.id()));
    run.send(Map.of("type", "text-start", "id", "text"));
    for (String token = model.next(); token != null; token = model.next()) {
        run.send(Map.of("type", "text-delta", "id", "text", "delta", token));
        whole.append(token);
    }
    run.send(Map.of("type", "text-end", "id", "text"));
    run.send(Map.of("type", "finish", "finishReason", "stop"));

    var parts = List.of(Map.of("type", "text", "text", whole.toString()));
    var message = Map.<String, Object>of("id", run.id(), "role", "assistant", "parts", parts);
    chats.computeIfPresent(key, (id, chat) -> !chat.answer().equals(run.id()) ? chat
            : new Chat(Stream.concat(messages.stream(), Stream.of(message)).toList(), run.id()));
}

/** A stand-in: put the client of your model here. */
class Model {
    final Iterator<String> words;

    Model(List<Map<String, Object>> messages) {
        var parts = (List<?>) messages.getLast().get("parts");
        String prompt = String.valueOf(((Map<?, ?>) parts.getFirst()).get("text"));
        if (prompt.isBlank()) throw new IllegalArgumentException("no prompt");
        words = List.of(("You said: " + prompt + ". " + "And so on. ".repeat(20)).split("(?<= )")).iterator();
    }

    /** The next token, or null at the end. */
    String next() throws InterruptedException {
        Thread.sleep(50);
        return words.hasNext() ? words.next() : null;
    }
}
