package microdot;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Requests as a transport builds them, for tests that call an application directly. */
final class Calls {
    private Calls() {}

    /**
     * A request.
     *
     * @param fields names and values of the header by turns
     */
    static Request request(String method, String target, String body, String... fields) {
        var headers = new Headers();
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        return new Request(
                method,
                target,
                headers,
                body.getBytes(StandardCharsets.UTF_8),
                InetSocketAddress.createUnresolved("client", 1),
                "http");
    }

    static Request get(String target, String... fields) {
        return request("GET", target, "", fields);
    }

    static Response call(Microdot app, String method, String target) {
        return app.route(request(method, target, "")).run();
    }

    static Response call(Microdot app, String target) {
        return call(app, "GET", target);
    }

    /** The body as text; that of a file is a call of the test client. */
    static String text(Response response) {
        return switch (response.body()) {
            case Body.Empty empty -> "";
            case Body.Bytes bytes -> new String(bytes.bytes(), StandardCharsets.UTF_8);
            case Body.File file -> throw new AssertionError(file);
            case Body.Stream stream -> throw new AssertionError(stream);
        };
    }

    /** Status and text, as {@code 200 hello}. */
    static String answer(Microdot app, String method, String target) {
        Response response = call(app, method, target);
        return response.status() + " " + text(response);
    }

    static String answer(Microdot app, String target) {
        return answer(app, "GET", target);
    }
}
