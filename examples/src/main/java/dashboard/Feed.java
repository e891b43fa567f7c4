package dashboard;

import dashboard.camera.Camera;
import dashboard.camera.Detection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import microdot.sse.Event;
import microdot.sse.Table;
import microdot.sse.TableOptions;
import microdot.sse.Topic;
import microdot.sse.TopicOptions;
import microdot.sse.TopicStream;
import microdot.sse.Topics;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a page. The newest readings are a table: a new page gets all of them at once. What
 * happened are topics: the points of the charts, and detections.
 */
final class Feed {
    private static final String READINGS = "readings";
    private static final String SAMPLE = "sample";
    private static final String DETECTION = "detection";

    /** Each node has its own row, and a page adds them up. */
    private static final String CONNECTIONS = "connections";

    /** The points that a new page gets at once, so that its charts do not start empty. */
    private static final Duration RECENT = Duration.ofMinutes(2);

    /** A page that was disconnected for less time misses nothing. */
    private static final Duration KEEP = Duration.ofMinutes(15);

    /** More would not be visible: a chart moves by a pixel or two in a second. */
    private static final double POINTS_A_SECOND = 1;

    /** More than the size of a sample of a machine with a hundred cores. */
    private static final int MOST_BYTES = 1024;

    private final Topics topics;
    private final Table readings;
    private final Topic samples;
    private final Topic detections;
    private final int recent;
    private final int readingsAPoint;

    /** Used by the one thread that publishes readings. */
    private final Map<String, Object> sent = new HashMap<>();

    private long published;

    /**
     * The feed of the process that publishes. What an earlier one counted no longer holds.
     *
     * @param rate samples per second
     */
    Feed(Topics topics, Machine machine, double rate) {
        this(topics, rate);
        readings.rows().keySet().stream()
                .filter(key -> key.startsWith(CONNECTIONS))
                .forEach(readings::remove);
        readings.put("machine", machine);
    }

    /** The feed of a node, which only serves. */
    Feed(Topics topics, double rate) {
        this.topics = topics;
        double points = Math.min(rate, POINTS_A_SECOND);
        recent = count(RECENT, points);
        readingsAPoint = (int) Math.max(1, Math.round(rate / POINTS_A_SECOND));
        readings = topics.table(READINGS, new TableOptions());
        samples = topics.topic(SAMPLE, keeping(count(KEEP, points)));
        detections = topics.topic(DETECTION, keeping(count(KEEP, Camera.FRAMES_A_SECOND)));
    }

    private static int count(Duration time, double rate) {
        return (int) Math.ceil(time.toSeconds() * rate);
    }

    private static TopicOptions keeping(int events) {
        return new TopicOptions()
                .keepFor(KEEP)
                .keepEvents(events)
                .keepBytes((long) events * MOST_BYTES);
    }

    /** Called by a single thread. */
    void publish(Sample sample) {
        put("cpu", sample.cpu());
        put("cores", sample.cores());
        put("memory", sample.memory());
        put("load", sample.load());
        put("disk", sample.disk());
        put("network", sample.network());
        put("temperatures", sample.temperatures());
        put(CONNECTIONS, detections.followers());
        if (published++ % readingsAPoint == 0) {
            samples.publish(Event.of(sample).event(SAMPLE));
        }
    }

    /** Called by the node, by a single thread. */
    void publishConnections(int node) {
        put(connections(node), detections.followers());
    }

    /** Called by the process that started the node. */
    void removeConnections(int node) {
        readings.remove(connections(node));
    }

    private static String connections(int node) {
        return CONNECTIONS + "/" + node;
    }

    /** A reading that is the same as before need not be sent again. */
    private void put(String key, @Nullable Object value) {
        if (value != null && !value.equals(sent.put(key, value))) {
            readings.put(key, value);
        }
    }

    void publish(Detection detection) {
        detections.publish(Event.of(detection).event(DETECTION));
    }

    TopicStream stream() {
        return topics.stream(READINGS, SAMPLE, DETECTION).last(recent);
    }
}
