package microdot.sse;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import microdot.internal.Quoted;
import microdot.internal.RefusedValueException;
import microdot.internal.Required;
import microdot.sse.log.EventId;
import org.jspecify.annotations.Nullable;

/** Which names of topics and which events are accepted. */
final class TopicRules {
    static final int MAX_FOLLOWED = 64;

    /** What the names of the library's own topics begin with. */
    static final String RESERVED_TOPICS = "microdot/";

    private static final int MAX_NAME = 256;
    private static final String SNAPSHOT = "snapshot";

    /** Names of events that the framework sends, or will send. */
    private static final Set<String> RESERVED =
            Set.of("gap", "checkpoint", SNAPSHOT, "put", "remove", "heartbeat", "status");

    private static final String RESERVED_PREFIX = "run-";

    private TopicRules() {}

    /** Checks an event that a snapshot supplier returned: it may be named {@code snapshot}. */
    static void checkSnapshot(Event event) {
        checkPublishable(SNAPSHOT.equals(event.event()) ? event.event(null) : event);
    }

    static void checkPublishable(Event event) {
        checkNotReserved(event);
        checkId(event);
    }

    /** Checks that the framework sends no events of this name. */
    static void checkNotReserved(Event event) {
        String name = event.event();
        if (name != null && isReserved(name)) {
            throw new RefusedValueException(
                    "event: "
                            + Quoted.whole(name)
                            + " (expected: another name; gap, checkpoint, snapshot, put,"
                            + " remove, heartbeat, status and run-... are reserved)",
                    name,
                    TopicRules::isReserved);
        }
    }

    /** Checks an event of a run, which gives the ids. */
    static void checkOfRun(Event event) {
        if (event.id() != null) {
            throw new IllegalArgumentException(
                    "id: " + Quoted.whole(event.id()) + " (expected: none; a run gives the ids)");
        }
        checkNotReserved(event);
    }

    private static boolean isReserved(String name) {
        return RESERVED.contains(name) || name.startsWith(RESERVED_PREFIX);
    }

    private static void checkId(Event event) {
        if (event.id() != null && event.id().isEmpty()) {
            throw new RefusedValueException(
                    "id: \"\" (expected: an id that the client can reconnect with, or null)",
                    "",
                    String::isEmpty);
        }
        if (event.id() != null && EventId.parse(event.id()) != null) {
            throw new RefusedValueException(
                    "id: "
                            + Quoted.whole(event.id())
                            + " (expected: not the shape of a topic's ids)",
                    event.id(),
                    id -> EventId.parse(id) != null);
        }
    }

    static String[] notNull(String[] names) {
        return Required.notNull(names, "topics", "1 to " + MAX_FOLLOWED + " names");
    }

    static List<String> checkedNames(Iterable<String> names) {
        List<String> checked = distinctNames(names);
        if (checked.isEmpty()) {
            throw new IllegalArgumentException("topics: 0 (expected: 1 to " + MAX_FOLLOWED + ")");
        }
        String wrong = tooMany(checked);
        if (wrong != null) {
            throw new IllegalArgumentException(wrong);
        }
        return checked;
    }

    /** Returns checked names without those that are there twice; they may still be too many. */
    static List<String> distinctNames(Iterable<String> names) {
        var distinct = new LinkedHashSet<String>();
        names.forEach(name -> distinct.add(checkedName(name)));
        return List.copyOf(distinct);
    }

    /** Returns what is wrong with so many topics on one stream; null when there may be as many. */
    static @Nullable String tooMany(List<String> names) {
        return names.size() <= MAX_FOLLOWED
                ? null
                : "topics: "
                        + names.size()
                        + " (expected: at most "
                        + MAX_FOLLOWED
                        + " on one stream)";
    }

    static String checkedName(String name) {
        Required.notNull(name, "topic", "a name of 1 to " + MAX_NAME + " characters");
        if (isNoName(name)) {
            throw new RefusedValueException(
                    "topic: " + name.length() + " characters (expected: 1 to " + MAX_NAME + ")",
                    name,
                    TopicRules::isNoName);
        }
        if (name.startsWith(RESERVED_TOPICS)) {
            throw new RefusedValueException(
                    "topic: "
                            + Quoted.whole(name)
                            + " (expected: not a name that begins with microdot/)",
                    name,
                    each -> each.startsWith(RESERVED_TOPICS));
        }
        return WholeText.checked("topic", name);
    }

    /** Checks that names can begin so. */
    static void checkPrefix(String prefix) {
        Required.notNull(prefix, "prefix", "the beginning of names; \"\" for all");
        if (prefix.length() > MAX_NAME || prefix.startsWith(RESERVED_TOPICS)) {
            throw new IllegalArgumentException(
                    "prefix: "
                            + Quoted.of(prefix)
                            + " (expected: the beginning of names, which have at most "
                            + MAX_NAME
                            + " characters, and do not begin with microdot/)");
        }
    }

    /** Two parts of a program that disagree would otherwise depend on which of them runs last. */
    static void checkSame(String what, String name, Object known, Object options) {
        if (!known.equals(options)) {
            throw new IllegalArgumentException(
                    "options: other ones than before for the "
                            + what
                            + " "
                            + Quoted.whole(name)
                            + " (expected: options that are set once, or the same again; lambdas"
                            + " are the same only as one object)");
        }
    }

    /** Checks the key of a row, which is as long as a name. */
    static String checkedKey(String key) {
        Required.notNull(key, "key", "1 to " + MAX_NAME + " characters");
        if (isNoName(key)) {
            throw new RefusedValueException(
                    "key: " + key.length() + " characters (expected: 1 to " + MAX_NAME + ")",
                    key,
                    TopicRules::isNoName);
        }
        return WholeText.checked("key", key);
    }

    private static boolean isNoName(String name) {
        return name.isEmpty() || name.length() > MAX_NAME;
    }
}
