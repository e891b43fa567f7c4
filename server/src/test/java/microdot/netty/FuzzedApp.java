package microdot.netty;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;
import microdot.ServerOptions;
import microdot.sse.Sse;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;

/** An application with a handler of each kind, which remembers the requests that it has seen. */
final class FuzzedApp {
    /** A request that a hook has seen. */
    static final class Seen {
        final String method;
        final String path;
        final String query;
        final String client;
        volatile byte @Nullable [] body; // Null if no handler has read all of it.

        Seen(Request request) {
            method = request.method();
            path = request.path();
            query = request.rawQuery();
            client = request.clientIp();
        }

        @Override
        public String toString() {
            return method + " " + path + "?" + query;
        }
    }

    private static final String LONG = "0123456789".repeat(4000);

    private final List<Seen> seen = Collections.synchronizedList(new ArrayList<>());
    private final Topics topics = new Topics();

    /** Small limits, so that short inputs reach them. */
    static ServerOptions options() {
        return new ServerOptions()
                .hosts("*")
                .maxHead(1024)
                .maxFields(20)
                .maxBody(2048)
                .maxMemory(64 << 20);
    }

    Microdot app() {
        for (int i = 0; i < 5; i++) {
            topics.publish("t", "event " + i);
        }
        return new Microdot()
                .beforeRequest(this::see)
                .get("/", request -> "home")
                .get("/long", request -> LONG)
                .get("/empty", request -> 204)
                .get("/topic", topics.stream("t"))
                .get("/sse", Sse.withSse(FuzzedApp::events))
                .get("/stream", request -> Response.stream(out -> out.write(LONG.getBytes(UTF_8))))
                .get(
                        "/file/{path:path}",
                        request ->
                                Response.resource(FuzzedApp.class, "/fuzz", request.param("path")))
                .post("/echo", this::echo)
                .put("/echo", this::echo)
                .post("/ignore", request -> "ignored")
                .post("/form", request -> request.form().toString())
                .post("/parts", request -> request.parts().toString())
                .post("/json", request -> String.valueOf(request.json(Map.class)))
                .post("/some", request -> request.stream().readNBytes(3));
    }

    /** Returns whether the response may be a stream. */
    static boolean isStream(Seen seen) {
        return List.of("/topic", "/sse", "/stream").contains(seen.path);
    }

    private static void events(Request request, Sse sse) throws Exception {
        sse.send("a");
        sse.send("b");
    }

    private @Nullable Object see(Request request) {
        var one = new Seen(request);
        request.g().put("seen", one);
        seen.add(one);
        return null;
    }

    private byte[] echo(Request request) {
        byte[] body = request.body();
        ((Seen) Objects.requireNonNull(request.g().get("seen"))).body = body;
        return body;
    }

    /** Returns the requests since the last call, in their order. */
    List<Seen> takeSeen() {
        List<Seen> all = List.copyOf(seen);
        seen.clear();
        return all;
    }

    /** Splits the bytes as the choice says: not at all, everywhere, or anywhere. */
    static List<byte[]> pieces(byte[] bytes, byte choice) {
        var random = new SplittableRandom(choice);
        int most = choice == 0 ? Integer.MAX_VALUE : choice == 1 ? 1 : 2 << (choice & 7);
        var pieces = new ArrayList<byte[]>();
        for (int at = 0, to; at < bytes.length; at = to) {
            int length = most <= 2 || most == Integer.MAX_VALUE ? most : random.nextInt(1, most);
            to = (int) Math.min(bytes.length, (long) at + length);
            pieces.add(Arrays.copyOfRange(bytes, at, to));
        }
        return pieces;
    }
}
