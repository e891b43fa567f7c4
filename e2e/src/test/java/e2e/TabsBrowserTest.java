package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import e2e.Script.Received;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import microdot.Microdot;
import microdot.Response;
import microdot.Server;
import microdot.ServerOptions;
import microdot.sse.Sse;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tabs that follow a topic with microdot.js share one connection, and whatever happens to the one
 * that has it, each tab gets every event once and in order.
 */
@Timeout(180)
@ParameterizedClass
@ValueSource(strings = {"chromium", "firefox"})
class TabsBrowserTest {
    private static @Nullable Pages started;

    private final String browser;
    private final Pages pages;
    private final Topics topics = new Topics();
    private int published;

    TabsBrowserTest(String name) {
        browser = name;
        pages = Objects.requireNonNull(started);
    }

    @BeforeParameterizedClassInvocation
    static void open(String name) {
        started = new Pages(name, "browser/tabs.mjs");
    }

    @AfterParameterizedClassInvocation
    static void quit() throws InterruptedException {
        Objects.requireNonNull(started).close();
    }

    @AfterEach
    void closePages() throws IOException {
        pages.closeAll();
    }

    private Microdot app() {
        topics.topic("numbers", new TopicOptions().retry(Duration.ofMillis(50)));
        return new Microdot()
                .get("/", request -> Response.html("<!doctype html><title>tabs</title>"))
                .get("/microdot.js", Sse.client())
                // A new tab begins with all that there was, so that none may miss or repeat any.
                .get("/events", topics.stream("numbers").last(1000))
                .get(
                        "/closes",
                        topics.stream("numbers")
                                .last(1000)
                                .onOpen(
                                        (request, sse) ->
                                                sse.closeAt(Instant.parse("9999-01-01T00:00:00Z"))))
                .get("/mine", topics.stream(request -> List.of("of/" + request.cookie("user"))))
                .get(
                        "/login/{user}",
                        request -> Response.html("in").cookie("user", request.param("user")));
    }

    private static Server serve(Microdot app) {
        return app.start(
                new ServerOptions()
                        .host("127.0.0.1")
                        .port(0)
                        .heartbeat(Duration.ofSeconds(1))
                        .closeTimeout(Duration.ofSeconds(1)));
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            topics.publish("numbers", "" + ++published);
        }
    }

    private void connect(String page, int port, String path, String options) throws IOException {
        pages.tell("connect", page, Pages.home(port), path, options);
    }

    private void connect(String page, int port) throws IOException {
        connect(page, port, "/events", "{}");
    }

    private List<String> connectAll(int count, int port) throws IOException {
        var names = new ArrayList<String>();
        for (int i = 1; i <= count; i++) {
            names.add("tab" + i);
            connect("tab" + i, port);
            // While tabs come, too, nothing may be lost.
            publish(2);
        }
        return names;
    }

    private Received await(String page, String event) {
        Received next = pages.next(page);
        while (!next.event().equals(event)) {
            next = pages.next(page);
        }
        return next;
    }

    /** Skips changes of state: a tab may reconnect as often as it needs. */
    private Received nextEvent(String page) {
        Received next = pages.next(page);
        while (List.of("open", "reconnecting", "hangs").contains(next.event())) {
            next = pages.next(page);
        }
        return next;
    }

    /** Each of the pages gets all numbers from this one on, once and in order. */
    private void assertEachGets(List<String> names, int from) {
        List<String> expected =
                IntStream.rangeClosed(from, published).mapToObj(number -> "" + number).toList();
        for (String name : names) {
            var got = new ArrayList<String>();
            while (!got.contains("" + published)) {
                Received next = nextEvent(name);
                got.add(next.event().equals("message") ? next.data() : next.toString());
            }
            assertEquals(expected, got, name);
        }
    }

    private static void awaitOneStream(Server server) {
        while (server.stats().streams() != 1) {
            Thread.onSpinWait();
        }
    }

    // Reads all that came, so that what comes next is what the test caused.
    private int readAll(List<String> names, int from) {
        publish(1);
        assertEachGets(names, from);
        return published + 1;
    }

    @Test
    void eightTabsShareOneConnection() throws Exception {
        try (Server server = serve(app())) {
            List<String> tabs = connectAll(8, server.port());
            publish(30);
            assertEachGets(tabs, 1);
            assertEquals(1, server.stats().streams());
        }
    }

    /** A second tab could not get what the first one has. */
    @Test
    void tabsOfAStreamWithoutTheJsonFormHaveTheirOwnConnections() throws Exception {
        try (Server server = serve(app())) {
            publish(5);
            connect("tab1", server.port(), "/closes", "{}");
            assertEachGets(List.of("tab1"), 1);
            connect("tab2", server.port(), "/closes", "{}");
            assertEachGets(List.of("tab2"), 1);
            publish(5);
            assertEachGets(List.of("tab1", "tab2"), 6);
            assertEquals(2, server.stats().streams());
        }
    }

    @Test
    void tabThatLeadsIsClosed() throws Exception {
        try (Server server = serve(app())) {
            List<String> tabs = connectAll(4, server.port());
            int next = 1;
            while (tabs.size() > 1) {
                next = readAll(tabs, next);
                publish(10);
                pages.close(tabs.removeFirst());
                publish(10);
                assertEachGets(tabs, next);
                next = published + 1;
            }
            awaitOneStream(server);
        }
    }

    @Test
    void tabThatLeadsCrashes() throws Exception {
        assumeTrue(browser.equals("chromium"), "only its protocol lets a tab crash");
        try (Server server = serve(app())) {
            List<String> tabs = connectAll(3, server.port());
            int next = readAll(tabs, 1);
            publish(5);
            String crashed = tabs.removeFirst();
            pages.tell("crash", crashed);
            await(crashed, "crashed");
            publish(20);
            assertEachGets(tabs, next);
            awaitOneStream(server);
        }
    }

    @Test
    void tabThatLeadsIsFrozenAndComesBack() throws Exception {
        assumeTrue(browser.equals("chromium"), "only its protocol freezes a tab");
        try (Server server = serve(app())) {
            List<String> tabs = connectAll(3, server.port());
            int next = readAll(tabs, 1);
            String frozen = tabs.getFirst();
            pages.tell("freeze", frozen);
            await(frozen, "frozen");
            publish(20);
            assertEachGets(tabs.subList(1, 3), next);
            pages.tell("thaw", frozen);
            publish(20);
            assertEachGets(List.of(frozen), next);
            assertEachGets(tabs.subList(1, 3), next + 20);
            awaitOneStream(server);
        }
    }

    @Test
    void tabThatLeadsHangsAndGoesOn() throws Exception {
        assumeTrue(browser.equals("chromium"), "only its protocol stops the code of a tab");
        try (Server server = serve(app())) {
            List<String> tabs = connectAll(3, server.port());
            int next = readAll(tabs, 1);
            String hangs = tabs.getFirst();
            pages.tell("hang", hangs);
            await(hangs, "hangs");
            publish(20);
            assertEachGets(tabs.subList(1, 3), next);
            pages.tell("unhang", hangs);
            publish(20);
            assertEachGets(tabs.subList(1, 3), next + 20);
            assertEachGets(List.of(hangs), next);
            awaitOneStream(server);
        }
    }

    @Test
    void networkIsAwayForAWhile() throws Exception {
        try (Server server = serve(app());
                var link = new Link(server.port())) {
            List<String> tabs = connectAll(3, link.port());
            int next = readAll(tabs, 1);
            link.unplug();
            publish(10);
            await("tab1", "reconnecting");
            link.plug();
            publish(10);
            assertEachGets(tabs, next);
            awaitOneStream(server);
        }
    }

    @Test
    void silentNetworkIsNoticed() throws Exception {
        try (Server server = serve(app());
                var link = new Link(server.port())) {
            List<String> tabs = connectAll(2, link.port());
            int next = readAll(tabs, 1);
            link.stall();
            publish(10);
            // Nothing breaks: only the heartbeats are missing.
            await("tab2", "reconnecting");
            link.flow();
            assertEachGets(tabs, next);
        }
    }

    @Test
    void restartedServerSendsAGapAndASnapshot() throws Exception {
        try (Child first = Child.java("e2e.Board", "0")) {
            int port = port(first);
            for (String tab : List.of("tab1", "tab2", "tab3")) {
                connect(tab, port);
                await(tab, "snapshot");
            }
            first.tell("one");
            for (String tab : List.of("tab1", "tab2", "tab3")) {
                assertEquals("one", await(tab, "message").data());
            }
            first.kill();
            try (Child second = Child.java("e2e.Board", "" + port, "kept")) {
                assertEquals(port, port(second));
                for (String tab : List.of("tab1", "tab2", "tab3")) {
                    String gap = await(tab, "gap").data();
                    assertTrue(gap.contains("restarted"), gap);
                    assertEquals("snapshot [\"kept\"]", of(nextEvent(tab)));
                }
                second.tell("live");
                for (String tab : List.of("tab1", "tab2", "tab3")) {
                    assertEquals("message live", of(nextEvent(tab)));
                }
            }
        }
    }

    private static int port(Child board) {
        return Integer.parseInt(board.await("listening at ").replaceFirst(".* ", ""));
    }

    private static String of(Received event) {
        return event.event() + " " + event.data();
    }

    @Test
    void proxyThatBuffersStreams() throws Exception {
        try (Server server = serve(app());
                var proxy = new Buffering(server.port())) {
            for (String tab : List.of("tab1", "tab2", "tab3")) {
                connect(tab, proxy.port(), "/events", "{\"timeout\":500}");
                publish(2);
            }
            // Even the first events arrive only in the JSON form.
            assertEachGets(List.of("tab1", "tab2", "tab3"), 1);
            int next = published + 1;
            // It tries to return to a stream from time to time, and nothing is lost meanwhile.
            int before = proxy.streams.get();
            while (proxy.streams.get() < before + 2) {
                next = readAll(List.of("tab1", "tab2", "tab3"), next);
            }
        }
    }

    /** The page is closed then: it would try again, and log that user in again. */
    private void logIn(String user, Server server) throws IOException {
        connect("login", server.port(), "/login/" + user, "{}");
        await("login", "reconnecting"); // Not a stream, but it set the cookie.
        pages.close("login");
    }

    @Test
    void keySeparatesUsers() throws Exception {
        try (Server server = serve(app())) {
            logIn("ann", server);
            connect("ann", server.port(), "/mine", "{\"key\":\"ann\"}");
            await("ann", "open");
            logIn("bob", server);
            connect("bob", server.port(), "/mine", "{\"key\":\"bob\"}");
            await("bob", "open");
            topics.publish("of/ann", "for ann");
            topics.publish("of/bob", "for bob");
            assertEquals("message for ann", of(pages.next("ann")));
            assertEquals("message for bob", of(pages.next("bob")));
            assertEquals(2, server.stats().streams());
        }
    }

    @Test
    void reloadedTabGoesOnFromItsId() throws Exception {
        try (Server server = serve(app())) {
            connect("other", server.port());
            await("other", "open");
            connect("kept", server.port(), "/events", "{\"keep\":true}");
            publish(5);
            assertEachGets(List.of("other", "kept"), 1);
            leaveAndComeBack("kept");
            assertEachGets(List.of("other", "kept"), 6);
            pages.close("other");
            leaveAndComeBack("kept");
            assertEachGets(List.of("kept"), 11);
        }
    }

    private void leaveAndComeBack(String page) throws IOException {
        pages.tell("leave", page);
        await(page, "left");
        publish(5);
        pages.tell("back", page);
    }

    @Test
    void closedTopicEndsAllTabs() throws Exception {
        try (Server server = serve(app())) {
            List<String> tabs = connectAll(3, server.port());
            publish(1);
            assertEachGets(tabs, 1);
            topics.topic("numbers").close();
            for (String tab : tabs) {
                assertEquals("204", await(tab, "ended").data());
            }
            while (server.stats().streams() != 0) {
                Thread.onSpinWait();
            }
            connect("late", server.port());
            assertEachGets(List.of("late"), 1);
            assertEquals("204", await("late", "ended").data());
        }
    }
}
