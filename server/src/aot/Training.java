// A server at work, which ./microdot lets the JVM record once after a build. The JVM keeps the classes that it loads and the
// profiles of its hot methods in a cache, so that later starts are faster (JEP 483, 515). It stops by itself.

import static microdot.sse.Sse.withSse;

import microdot.Microdot;
import microdot.ServerOptions;
import microdot.sse.Event;
import microdot.sse.Topics;

static final int STREAMS = 200;
static final int EVENTS = 300;

void main() throws IOException {
    var topics = new Topics();
    var app = new Microdot();
    app.get("/", request -> "hello");
    app.post("/publish", request -> topics.publish("topic", Event.of(Map.of("text", request.text())).event("reading")));
    app.get("/topic", topics.stream("topic"));
    app.get("/handler", withSse((request, sse) -> {
        for (int i = 0; i < EVENTS; i++) {
            sse.send(Map.of("number", i), "reading");
            Thread.sleep(1);
        }
    }));
    try (var server = app.start(new ServerOptions().host("127.0.0.1").port(0))) {
        var streams = new ArrayList<Client>();
        for (int i = 0; i < STREAMS; i++) {
            streams.add(new Client(server.port(), "GET", i % 2 == 0 ? "/topic" : "/handler", ""));
        }
        for (int i = 0; i < EVENTS; i++) {
            new Client(server.port(), i % 4 == 0 ? "GET" : "POST", i % 4 == 0 ? "/" : "/publish", "text " + i).awaitAndClose("HTTP/1.1 200");
        }
        new Client(server.port(), "POST", "/publish", "the last").awaitAndClose("HTTP/1.1 200");
        for (int i = 0; i < STREAMS; i++) {
            streams.get(i).awaitAndClose(i % 2 == 0 ? "the last" : "\"number\":" + (EVENTS - 1));
        }
    }
}

static final class Client {
    private final Socket socket;

    Client(int port, String method, String path, String body) throws IOException {
        socket = new Socket("127.0.0.1", port);
        String head = "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nContent-Length: %d\r\n\r\n";
        socket.getOutputStream().write((head.formatted(method, path, body.length()) + body).getBytes(StandardCharsets.UTF_8));
    }

    /** The text must be within one line. If the server does not respond, the build has no cache. */
    void awaitAndClose(String text) throws IOException {
        socket.setSoTimeout(30_000);
        var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        for (String line = lines.readLine(); ; line = lines.readLine()) {
            if (line == null) {
                throw new EOFException("the stream ended without " + text);
            }
            if (line.contains(text)) {
                socket.close();
                return;
            }
        }
    }
}
