package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import e2e.Script.Received;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import microdot.JsonCodec;

/**
 * The pages of one real browser, each with a name and an EventSource, and the events of each: its
 * messages, and its changes of state, {@code open} and {@code error}, whose data is {@code
 * readyState}. The events of one page are in order.
 */
final class Pages implements AutoCloseable {
    private final Child browser;
    private final Map<String, Deque<Received>> unread = new LinkedHashMap<>();

    Pages(String name) {
        this(name, "browser/topics.mjs");
    }

    /** Pages that the script opens as its commands say. */
    Pages(String name, String script) {
        browser = Child.node(5 * Child.PATIENCE_SECONDS, script, name);
        browser.await("ready");
    }

    /** Has the script do what a command says to a page, which may be new. */
    void tell(String command, String page, String... words) throws IOException {
        unread.putIfAbsent(page, new ArrayDeque<>());
        browser.tell(command + " " + page + " " + String.join(" ", words));
    }

    /** Opens a page of the server or the link at the port, and waits until its stream is open. */
    void open(String page, int port, String path) throws IOException {
        begin(page, port, path);
        assertEquals(state("open", 1), next(page));
    }

    /** Opens a page without waiting for its stream. */
    void begin(String page, int port, String path) throws IOException {
        unread.put(page, new ArrayDeque<>());
        browser.tell("open " + page + " " + home(port) + " " + path);
    }

    /**
     * Opens a page with this many frames, each of another origin and with this many streams, and
     * waits until all streams have opened. The page of the server opens the streams.
     */
    Received openMany(String page, int port, int frames, int each, String path) throws IOException {
        unread.put(page, new ArrayDeque<>());
        browser.tell(String.join(" ", "many", page, home(port), "" + frames, "" + each, path));
        return next(page);
    }

    static String home(int port) {
        return "http://127.0.0.1:" + port + "/";
    }

    /**
     * Waits until each of a page's streams has received the data or has given up. The data of the
     * returned event is what the streams received; its id is how often they opened.
     */
    Received outcome(String page, String data) throws IOException {
        browser.tell("outcome " + page + " " + data);
        return next(page);
    }

    static Received state(String event, int readyState) {
        return new Received(event, "", "" + readyState);
    }

    /** Waits for the next event of the page. */
    Received next(String page) {
        Deque<Received> its = Objects.requireNonNull(unread.get(page), page);
        while (its.isEmpty()) {
            String line = browser.await("\"page\"");
            Deque<Received> other = unread.get(String.valueOf(fields(line).get("page")));
            if (other != null) { // Null once it is closed.
                other.add(Script.parse(line));
            }
        }
        return its.remove();
    }

    /**
     * Returns the page's next messages up to the one with the data. The page may reconnect as often
     * as it needs, but must not give up.
     */
    List<Received> messages(String page, String last) {
        var messages = new ArrayList<Received>();
        while (messages.isEmpty() || !messages.getLast().data().equals(last)) {
            Received next = next(page);
            if (next.event().equals("error")) {
                assertEquals(state("error", 0), next);
            } else if (!next.event().equals("open")) {
                messages.add(next);
            }
        }
        return messages;
    }

    static Map<?, ?> fields(String json) {
        return JsonCodec.standard().decode(json.getBytes(StandardCharsets.UTF_8), Map.class);
    }

    void close(String page) throws IOException {
        browser.tell("close " + page);
        while (!next(page).event().equals("closed")) {
            // Events from before the close.
        }
        unread.remove(page);
    }

    void closeAll() throws IOException {
        for (String page : List.copyOf(unread.keySet())) {
            close(page);
        }
    }

    @Override
    public void close() throws InterruptedException {
        browser.close();
    }
}
