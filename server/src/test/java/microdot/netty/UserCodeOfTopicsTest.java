package microdot.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import microdot.Microdot;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Filters and snapshot suppliers that hang, behind a real server. */
@Timeout(60)
class UserCodeOfTopicsTest {
    private final Topics topics = new Topics();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);

    private boolean hang() {
        begun.countDown();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            interrupted.countDown();
        }
        return true;
    }

    private Microdot app() {
        topics.topic("snapshot", new TopicOptions().snapshot(this::hang));
        return new Microdot()
                .get("/snapshot", topics.stream("snapshot"))
                .get("/filter", topics.stream("plain").where((request, event) -> hang()));
    }

    private void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(30, TimeUnit.SECONDS));
    }

    private RawClient hanging(Served served, String path) throws Exception {
        RawClient client = served.client();
        client.get(path);
        while (topics.topic("plain").followers() == 0 && path.equals("/filter")) {
            Thread.onSpinWait();
        }
        topics.publish("plain", "event");
        await(begun);
        return client;
    }

    @Test
    void supplierIsInterruptedWhenClientLeaves() throws Exception {
        try (var served = Served.of(app())) {
            hanging(served, "/snapshot").close();
            await(interrupted);
            assertEquals(0, topics.topic("snapshot").followers());
        }
    }

    @Test
    void filterIsInterruptedWhenClientLeaves() throws Exception {
        try (var served = Served.of(app())) {
            hanging(served, "/filter").close();
            await(interrupted);
        }
    }

    @Test
    void supplierIsInterruptedByClose() throws Exception {
        try (var served = Served.of(app());
                RawClient client = hanging(served, "/snapshot")) {
            served.server.close();
            await(interrupted);
        }
    }

    @Test
    void filterIsInterruptedByClose() throws Exception {
        try (var served = Served.of(app());
                RawClient client = hanging(served, "/filter")) {
            served.server.close();
            await(interrupted);
        }
    }
}
