package microdot.netty;

import static microdot.netty.FrameClient.DATA;
import static microdot.netty.FrameClient.HEADERS;
import static microdot.netty.FrameClient.INITIAL_WINDOW;
import static microdot.netty.FrameClient.window;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.netty.io.IoMode;
import microdot.sse.EventParser;
import microdot.sse.TopicOptions;
import microdot.sse.Topics;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every event comes once and in order on each stream, however the windows are enlarged. */
@Timeout(120)
class Http2FanoutTest {
    private static final int STREAMS = 50;
    private static final int EVENTS = 300;

    private final long seed = Long.getLong("microdot.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Topics topics = new Topics();
    private final List<Stream> streams = new ArrayList<>();
    private int connectionOwes;
    private int whole;

    /** A stream of the client; what it has read of its window, it still owes to the server. */
    private final class Stream {
        final int id;
        int last;
        int owes;
        private final EventParser parser;

        Stream(int id) {
            this.id = id;
            this.parser = new EventParser(event -> got(event.data().toString()));
        }

        private void got(String text) {
            int number = Integer.parseInt(text.substring(0, text.indexOf(' ')));
            assertEquals(last + 1, number, () -> "stream " + id + ", seed " + seed);
            last = number;
            whole += last == EVENTS ? 1 : 0;
        }

        void read(byte[] bytes) {
            owes += bytes.length;
            parser.feed(bytes, 0, bytes.length);
        }
    }

    private void publish() {
        for (int i = 1; i <= EVENTS; i++) {
            int size = i % 20 == 0 ? 20_000 : i * 7 % 300;
            topics.publish("topic", i + " " + "x".repeat(size));
        }
    }

    @ParameterizedTest
    @EnumSource(IoMode.class)
    void eachStreamGetsItsEventsHoweverItIsRead(IoMode io) throws Exception {
        topics.topic("topic", new TopicOptions().keepEvents(10_000).keepBytes(64 << 20));
        var app = new Microdot().get("/", topics.stream("topic"));
        try (Served served = new Served(app, new ServerOptions(), io);
                FrameClient client = FrameClient.of(served, INITIAL_WINDOW, random.nextInt(3000))) {
            for (int i = 0; i < STREAMS; i++) {
                var stream = new Stream(2 * i + 1);
                streams.add(stream);
                client.get(stream.id, "/").next(HEADERS, stream.id);
            }
            Thread publisher = Thread.startVirtualThread(this::publish);
            giveSome(client, true);
            while (whole < STREAMS) {
                FrameClient.Frame frame = client.next(next -> next.id() > 0);
                assertEquals(DATA, frame.type(), () -> "seed " + seed);
                streams.get(frame.id() / 2).read(frame.payload());
                connectionOwes += frame.payload().length;
                giveSome(client, random.nextInt(10) == 0 || !client.hasInput());
            }
            publisher.join();
        }
    }

    /** Enlarges windows by any numbers; those of all streams if nothing comes any more. */
    private void giveSome(FrameClient client, boolean all) throws Exception {
        var frames = new ByteArrayOutputStream();
        if (all || random.nextInt(4) == 0) {
            frames.writeBytes(window(0, connectionOwes + 1 + random.nextInt(all ? 30_000 : 10)));
            connectionOwes = 0;
        }
        for (Stream stream : streams) {
            if (all || random.nextInt(20) == 0) {
                frames.writeBytes(window(stream.id, 1 + random.nextInt(stream.owes + 2000)));
                stream.owes = 0;
            }
        }
        client.send(frames.toByteArray());
    }
}
