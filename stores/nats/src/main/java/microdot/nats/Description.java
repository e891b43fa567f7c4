package microdot.nats;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import microdot.nats.Positions.Span;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * What the description of a stream says: the version of the format, when the stream was made, the
 * epochs that began after that, and the start of the server. The messages that begin the epochs say
 * the same, but those age and are removed.
 *
 * @param format of the stream
 * @param created when the stream was made; null if nobody has written it yet. nats-server 2.9 says
 *     another time when the stream was changed after one restart, and a second one came
 * @param later oldest first
 * @param server the id of the server, which has another one each time that it starts, when a
 *     process last knew what the stream has; null in a cluster
 */
record Description(
        int format, @Nullable Instant created, List<Span> later, @Nullable String server) {
    /** The version that this class writes. Version 0 has no first message. */
    static final int FORMAT = 1;

    /** Enough for a description, which has at most 4,096 bytes. */
    private static final int MAX_EPOCHS = 24;

    private static final Pattern HEAD = Pattern.compile("Microdot events, format (\\d{1,9})\\b.*");
    private static final Pattern EPOCH =
            Pattern.compile(
                    "epoch ([A-Za-z0-9]{10}) at (\\d{1,18}) first (\\d{1,18}) after (\\d{1,18})");

    private static final Pattern CREATED = Pattern.compile(" \\| created (\\S{1,40}Z)");
    private static final Pattern SERVER = Pattern.compile(" \\| server (\\w{1,100})");

    /** Keeps the newest epochs. */
    Description {
        later = List.copyOf(later.subList(Math.max(0, later.size() - MAX_EPOCHS), later.size()));
    }

    /**
     * Reads a description.
     *
     * @throws StoreException when something else made the stream, or a newer Microdot
     */
    static Description parse(String stream, @Nullable String text) {
        Matcher head = HEAD.matcher(text == null ? "" : text);
        if (!head.matches()) {
            throw new StoreException(
                    "stream "
                            + stream
                            + ": made by something else (expected: a description that begins with"
                            + " \"Microdot events\"; choose another namespace)");
        }
        int format = Integer.parseInt(head.group(1));
        if (format > FORMAT) {
            throw new StoreException(
                    "stream "
                            + stream
                            + ": format "
                            + format
                            + " (expected: at most "
                            + FORMAT
                            + "; use a newer Microdot, or another namespace)");
        }
        var later = new ArrayList<Span>();
        Matcher epoch = EPOCH.matcher(head.group());
        while (epoch.find()) {
            long marker = Long.parseLong(epoch.group(2));
            long first = Long.parseLong(epoch.group(3));
            long after = Long.parseLong(epoch.group(4));
            later.add(new Span(new StoreEpoch(epoch.group(1), after, first), marker));
        }
        Matcher created = CREATED.matcher(head.group());
        Matcher server = SERVER.matcher(head.group());
        return new Description(
                format,
                created.find() ? Instant.parse(created.group(1)) : null,
                later,
                server.find() ? server.group(1) : null);
    }

    Description created(Instant time) {
        return new Description(FORMAT, time, later, server);
    }

    Description with(List<Span> epochs) {
        return new Description(FORMAT, created, epochs, server);
    }

    Description at(@Nullable String start) {
        return new Description(FORMAT, created, later, start);
    }

    /** Returns the text of a description. */
    String text() {
        var text = new StringBuilder("Microdot events, format ").append(format);
        if (created != null) {
            text.append(" | created ").append(created);
        }
        for (Span span : later) {
            text.append(" | epoch ")
                    .append(span.epoch().name())
                    .append(" at ")
                    .append(span.marker())
                    .append(" first ")
                    .append(span.epoch().first())
                    .append(" after ")
                    .append(span.epoch().previousEnd());
        }
        return server == null ? text.toString() : text + " | server " + server;
    }
}
