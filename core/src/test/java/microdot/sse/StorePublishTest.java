package microdot.sse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import microdot.sse.store.Append;
import microdot.sse.store.MemoryStore;
import microdot.sse.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What publishers get from a store that is slow, away, or in doubt. */
@Timeout(60)
class StorePublishTest {
    private final MemoryStore store = new MemoryStore();
    private final Topics other = new Topics(store);
    private final LaggingStore lagging = new LaggingStore(store.node());
    private final Topics topics = new Topics(lagging);

    private static StoreException failure(CompletableFuture<?> stage) {
        var failure = assertThrows(ExecutionException.class, stage::get);
        return assertInstanceOf(StoreException.class, failure.getCause());
    }

    private CompletableFuture<String> async(String text) {
        return topics.publishAsync("a", text).toCompletableFuture();
    }

    private static List<Object> data(Topics of) {
        return of.history("a", null, 100).events().stream().map(Event::data).toList();
    }

    @Test
    void asyncPublishFailsAfterThePublishTimeout() {
        topics.publishTimeout(Duration.ofMillis(1));
        lagging.hold(); // The engine has it, and this process does not.
        StoreException failure = failure(async("1"));
        assertTrue(failure.isUnknown(), failure::toString);
    }

    /** A timer that goes on would keep it in memory: the engine may be away again and again. */
    @Test
    void appendThatWaitedIsForgottenAsSoonAsItIsDone() throws Exception {
        topics.publishTimeout(Duration.ofDays(1));
        lagging.away();
        CompletableFuture<String> published = async("waits");
        lagging.back();
        published.get();
        var forgotten = new ReferenceQueue<Append>();
        var append = new WeakReference<>(Objects.requireNonNull(lagging.lastAppend), forgotten);
        lagging.lastAppend = null;
        while (!append.refersTo(null)) {
            System.gc();
            forgotten.remove(100);
        }
    }

    @Test
    void asyncPublishWaitsForAnEngineThatIsAwayAndKeepsItsOrder() throws Exception {
        lagging.away();
        var ids = new ArrayList<CompletableFuture<String>>();
        for (int i = 0; i < 100; i++) {
            ids.add(async("" + i));
        }
        assertFalse(ids.getFirst().isDone());
        lagging.back();
        String last = ids.getLast().get();
        assertEquals(last, topics.lastEventId());
        var expected = new ArrayList<Object>();
        for (int i = 0; i < 100; i++) {
            expected.add("" + i);
        }
        assertEquals(expected, data(topics));
    }

    @Test
    void asyncPublishIsGivenUpWhenTheEngineStaysAway() {
        topics.publishTimeout(Duration.ofMillis(1));
        lagging.away();
        StoreException failure = failure(async("1"));
        assertFalse(failure.isUnknown(), failure::toString);
        assertTrue(failure.toString().contains("publishTimeout"), failure::toString);
        lagging.back();
        topics.publishTimeout(Duration.ofSeconds(30));
        topics.publish("a", "2");
        assertEquals(List.of("2"), data(topics));
    }

    @Test
    void largeEventsWaitForRoomAndAreRefusedWithoutIt() throws Exception {
        lagging.hold();
        String large = "x".repeat(1 << 20);
        var begun = new ArrayList<CompletableFuture<String>>();
        for (int i = 0; i < 31; i++) { // Each takes a little more than 1 MiB of 32.
            begun.add(async(large));
        }
        StoreException failure = failure(async(large));
        assertTrue(failure.toString().contains("32 MiB of them"), failure::toString);
        async("small is admitted").thenRun(() -> {});
        topics.publishTimeout(Duration.ofMillis(1));
        assertThrows(StoreException.class, () -> topics.publish("a", large));
        topics.publishTimeout(Duration.ofSeconds(30));
        CompletableFuture<String> waiting =
                CompletableFuture.supplyAsync(() -> topics.publish("a", large));
        lagging.release();
        waiting.get();
        for (CompletableFuture<String> each : begun) {
            each.get();
        }
    }

    @Test
    void engineIsToldHowLongAPublisherWaits() {
        topics.publishTimeout(Duration.ofSeconds(7));
        topics.publish("a", "1");
        assertEquals(Duration.ofSeconds(7), Objects.requireNonNull(lagging.lastAppend).timeout());
    }

    @Test
    void interruptedPublishSaysThatTheEventMayAppear() throws Exception {
        lagging.hold();
        var failure = new CompletableFuture<StoreException>();
        var flag = new CompletableFuture<Boolean>();
        Thread publisher =
                Thread.ofVirtual()
                        .start(
                                () -> {
                                    failure.complete(
                                            assertThrows(
                                                    StoreException.class,
                                                    () -> topics.publish("a", "1")));
                                    flag.complete(Thread.currentThread().isInterrupted());
                                });
        lagging.awaitHeld(1);
        publisher.interrupt();
        assertTrue(failure.get().isUnknown(), () -> "" + failure.join());
        assertTrue(flag.get());
        lagging.release();
        assertEquals(List.of("1"), data(topics));
    }

    @Test
    void interruptedPublishThatWaitsForTheEngineHasPublishedNothing() throws Exception {
        lagging.away();
        var failure = new CompletableFuture<StoreException>();
        Thread publisher =
                Thread.ofVirtual()
                        .unstarted(
                                () ->
                                        failure.complete(
                                                assertThrows(
                                                        StoreException.class,
                                                        () -> topics.publish("a", "1"))));
        publisher.start();
        publisher.interrupt();
        assertFalse(failure.get().isUnknown());
        lagging.back();
        assertEquals(List.of(), data(other));
    }

    @Test
    void eventAfterTheEndOfItsTopicIsNeverRead() {
        String id = other.publish("a", "1");
        lagging.hold(); // This process does not know yet that the topic has ended.
        CompletableFuture<String> before = async("2");
        other.topic("a").close();
        CompletableFuture<String> late = async("3");
        lagging.release();
        assertEquals(position(id) + 1, position(before.join()));
        assertInstanceOf(
                IllegalStateException.class,
                assertThrows(ExecutionException.class, late::get).getCause());
        for (Topics each : List.of(topics, other, new Topics(store.node()))) {
            try (Subscription resumed = each.followAfter(id, "a")) {
                assertEquals("2", resumed.next().data());
                assertEquals("checkpoint", resumed.next().event());
                assertFalse(resumed.hasNext());
            }
            assertTrue(each.topic("a").isClosed());
        }
    }

    private static long position(String id) {
        return Long.parseLong(id.substring(id.indexOf('-') + 1));
    }

    @Test
    void changeOfATableAfterItsEndIsRefused() {
        Table here = topics.table("t", new TableOptions());
        here.put("one", 1);
        lagging.hold();
        other.topic("t").close();
        assertThrows(IllegalStateException.class, () -> here.put("two", 2));
        lagging.release();
    }
}
