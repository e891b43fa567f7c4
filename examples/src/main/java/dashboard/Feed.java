package dashboard;

import dashboard.camera.Camera;
import dashboard.camera.Detection;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import microdot.HttpException;
import microdot.Request;
import microdot.sse.Event;
import microdot.sse.Sse;
import microdot.sse.Topic;
import microdot.sse.TopicOptions;
import microdot.sse.TopicStream;
import microdot.sse.Topics;

/** The stream of a page: samples and detections, two topics, after a greeting. */
final class Feed {
    private static final String SAMPLE = "sample";
    private static final String DETECTION = "detection";

    /** The samples that a new page gets at once, so that its charts do not start empty. */
    private static final Duration RECENT = Duration.ofMinutes(2);

    /** A page that was disconnected for less time misses nothing. */
    private static final Duration KEEP = Duration.ofMinutes(15);

    private static final Duration RETRY = Duration.ofSeconds(2);

    /** More than the size of a sample of a machine with a hundred cores. */
    private static final int MOST_BYTES = 1024;

    private final Topics topics = new Topics();
    private final Topic samples;
    private final Topic detections;
    private final Machine machine;
    private final int recent;
    private final Map<String, Sse> open = new ConcurrentHashMap<>();

    /**
     * @param rate samples per second
     */
    Feed(Machine machine, double rate) {
        this.machine = machine;
        this.recent = count(RECENT, rate);
        samples = topics.topic(SAMPLE, keeping(count(KEEP, rate)));
        detections = topics.topic(DETECTION, keeping(count(KEEP, Camera.FRAMES_A_SECOND)));
    }

    private static int count(Duration time, double rate) {
        return (int) Math.ceil(time.toSeconds() * rate);
    }

    private static TopicOptions keeping(int events) {
        return new TopicOptions()
                .keepFor(KEEP)
                .keepEvents(events)
                .keepBytes((long) events * MOST_BYTES)
                .retry(RETRY);
    }

    void publish(Sample sample) {
        samples.publish(Event.of(sample).event(SAMPLE));
    }

    void publish(Detection detection) {
        detections.publish(Event.of(detection).event(DETECTION));
    }

    TopicStream stream() {
        return topics.stream(SAMPLE, DETECTION).last(recent).onOpen(this::greet);
    }

    /**
     * The greeting.
     *
     * @param stream the name of this stream, for {@link #drop}
     * @param newest events up to this id were published before and are a replay
     */
    private record Hello(Machine machine, String stream, String newest) {}

    private void greet(Request request, Sse sse) {
        String stream = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        open.put(stream, sse);
        sse.onClose(() -> open.remove(stream));
        sse.send(new Hello(machine, stream, topics.lastEventId()), "hello");
    }

    /** Disconnects a stream as a bad network does, for a page that demonstrates how it resumes. */
    int drop(Request request) {
        Sse sse = open.get(request.param("stream"));
        if (sse == null) {
            throw new HttpException(404, "no such stream");
        }
        sse.close();
        return 202;
    }
}
