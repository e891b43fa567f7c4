package microdot.sse;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import microdot.sse.log.EventId;

/** Which names of topics and which events are accepted. */
final class TopicRules {
    static final int MAX_FOLLOWED = 64;

    private static final int MAX_NAME = 256;
    private static final Set<String> RESERVED = Set.of("gap", "checkpoint");

    private TopicRules() {}

    static void checkPublishable(Event event) {
        if (event.event() != null && RESERVED.contains(event.event())) {
            throw new IllegalArgumentException(
                    "event: \"" + event.event() + "\" (expected: not gap or checkpoint)");
        }
        if (event.id() != null && event.id().isEmpty()) {
            throw new IllegalArgumentException(
                    "id: \"\" (expected: an id that the client can reconnect with, or null)");
        }
        if (event.id() != null && EventId.parse(event.id()) != null) {
            throw new IllegalArgumentException(
                    "id: \"" + event.id() + "\" (expected: not the shape of a topic's ids)");
        }
    }

    static List<String> checkedNames(Iterable<String> names) {
        var distinct = new LinkedHashSet<String>();
        names.forEach(name -> distinct.add(checkedName(name)));
        if (distinct.isEmpty() || distinct.size() > MAX_FOLLOWED) {
            throw new IllegalArgumentException(
                    "topics: "
                            + distinct.size()
                            + " (expected: 1 to "
                            + MAX_FOLLOWED
                            + " on one stream)");
        }
        return List.copyOf(distinct);
    }

    static String checkedName(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME) {
            throw new IllegalArgumentException(
                    "topic: " + name.length() + " characters (expected: 1 to " + MAX_NAME + ")");
        }
        return name;
    }
}
