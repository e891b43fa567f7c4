package microdot.sse;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * Reads an event stream as a browser does. Bytes go in, split anywhere; an event comes out as soon
 * as the empty line that ends it was read. An event that is unfinished at the end of the stream is
 * dropped: there is nothing to call at the end.
 *
 * <p>An event's data is a String. Its {@link Event#event() event} is null when the stream gave
 * none, and its {@link Event#id() id} the last one in force, whether it came with this event or an
 * earlier one: null until the stream has set one, empty after the stream has emptied it. Its {@link
 * Event#retry() retry} is always null; see {@link #retry()}.
 *
 * <p>One parser reads one response, on one thread at a time.
 *
 * @see <a
 *     href="https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">The
 *     format</a>
 * @see <a
 *     href="https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation">What
 *     its lines mean</a>
 */
public final class EventParser {
    private static final byte[] DATA = "data".getBytes(US_ASCII);
    private static final byte[] EVENT = "event".getBytes(US_ASCII);
    private static final byte[] ID = "id".getBytes(US_ASCII);
    private static final byte[] RETRY = "retry".getBytes(US_ASCII);
    private static final byte[] BYTE_ORDER_MARK = "\uFEFF".getBytes(UTF_8);

    // One large event must not hold its memory for as long as the stream lasts.
    private static final int KEPT_BUFFER = 64 << 10;

    private final Consumer<? super Event> events;
    private final Consumer<? super String> comments;
    private final int maxBytes;

    private ByteArrayOutputStream line = new ByteArrayOutputStream();
    private boolean firstLine = true;
    private boolean afterReturn;
    private long largest;

    private ByteArrayOutputStream data = new ByteArrayOutputStream();
    private boolean hasData;
    private @Nullable String event;
    private @Nullable String id;

    private @Nullable String lastEventId;
    private @Nullable Duration retry;

    /** A parser that passes the events to the consumer and drops the comments. */
    public EventParser(Consumer<? super Event> events) {
        this(events, comment -> {});
    }

    /**
     * A parser that passes the comments to a consumer too, each when its line ends: they are not
     * part of an event. The colon is removed, and a space after it.
     */
    public EventParser(Consumer<? super Event> events, Consumer<? super String> comments) {
        this(events, comments, Event.MAX_BYTES);
    }

    /**
     * A parser with a limit other than {@link Event#MAX_BYTES} for one event: the data that it has
     * so far and the line that is being read.
     *
     * @throws IllegalArgumentException when the limit is not positive
     */
    public EventParser(
            Consumer<? super Event> events, Consumer<? super String> comments, int maxBytes) {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException(
                    "maxBytes: " + maxBytes + " (expected: more than 0)");
        }
        this.events = Required.notNull(events, "events", "what takes the events");
        this.comments = Required.notNull(comments, "comments", "what takes the comments");
        this.maxBytes = maxBytes;
    }

    /** Returns the one event that the bytes hold, with the fields as they were written. */
    static Event parseOne(byte[] bytes, int from, int to) {
        var events = new ArrayList<Event>(1);
        var parser = new EventParser(events::add);
        parser.feed(bytes, from, to - from);
        return events.getFirst().retry(parser.retry());
    }

    /** Reads all of the array; as {@link #feed(byte[], int, int)}. */
    public void feed(byte[] bytes) {
        Required.notNull(bytes, "bytes", "bytes");
        feed(bytes, 0, bytes.length);
    }

    /**
     * Reads a part of the array, which may be reused afterwards. Nothing in a stream is an error
     * except the size of an event. What a consumer throws is thrown from here, and the rest of the
     * bytes is lost.
     *
     * @throws IllegalStateException when an event is larger than the limit; then and at each later
     *     call
     * @throws IndexOutOfBoundsException when the part is not within the array
     */
    public void feed(byte[] bytes, int offset, int length) {
        Required.notNull(bytes, "bytes", "bytes");
        int from = Objects.checkFromIndexSize(offset, length, bytes.length);
        int end = offset + length;
        while (from < end) {
            from += endsPair(bytes[from]) ? 1 : 0;
            int to = lineEnd(bytes, from, end);
            checkSize(to - from);
            if (to == end) {
                line.write(bytes, from, to - from);
                return;
            }
            afterReturn = bytes[to] == '\r';
            endLine(bytes, from, to);
            from = to + 1;
        }
    }

    /**
     * Returns what a client sends as {@code Last-Event-ID} when it reconnects; empty when there is
     * nothing to send. An id counts from the empty line after it, even without an event.
     *
     * @see <a
     *     href="https://html.spec.whatwg.org/multipage/server-sent-events.html#concept-event-stream-last-event-id">
     *     The standard</a>
     */
    public String lastEventId() {
        return lastEventId == null ? "" : lastEventId;
    }

    /**
     * Returns the reconnect delay that the stream asks for; null while it has not. In force from
     * its own line on; limited to 2,147,483,647 ms, the longest that {@link Event#retry(Duration)}
     * takes.
     */
    public @Nullable Duration retry() {
        return retry;
    }

    // A line ends at CR, without waiting for the next byte; an LF that follows belongs to it.
    private boolean endsPair(byte next) {
        boolean pair = afterReturn && next == '\n';
        afterReturn = false;
        return pair;
    }

    private static int lineEnd(byte[] bytes, int from, int end) {
        int at = from;
        while (at < end && bytes[at] != '\n' && bytes[at] != '\r') {
            at++;
        }
        return at;
    }

    private void checkSize(int more) {
        largest = Math.max(largest, (long) data.size() + line.size() + more);
        if (largest > maxBytes) {
            throw new IllegalStateException(
                    "event: at least " + largest + " bytes (expected: at most " + maxBytes + ")");
        }
    }

    private void endLine(byte[] bytes, int from, int to) {
        if (line.size() == 0) {
            interpret(bytes, from, to);
            return;
        }
        line.write(bytes, from, to - from);
        byte[] whole = line.toByteArray();
        line = emptied(line);
        interpret(whole, 0, whole.length);
    }

    private void interpret(byte[] bytes, int lineStart, int to) {
        int from = firstLine ? afterByteOrderMark(bytes, lineStart, to) : lineStart;
        firstLine = false;
        if (from == to) {
            dispatch();
            return;
        }
        int colon = from;
        while (colon < to && bytes[colon] != ':') {
            colon++;
        }
        int value = Math.min(colon + 1, to);
        value += value < to && bytes[value] == ' ' ? 1 : 0;
        field(bytes, from, colon, value, to);
    }

    private static int afterByteOrderMark(byte[] bytes, int from, int to) {
        int after = from + BYTE_ORDER_MARK.length;
        boolean marked =
                after <= to
                        && Arrays.equals(
                                bytes, from, after, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length);
        return marked ? after : from;
    }

    private void field(byte[] bytes, int from, int colon, int value, int to) {
        if (from == colon) {
            comments.accept(text(bytes, value, to));
        } else if (is(DATA, bytes, from, colon)) {
            data(bytes, value, to);
        } else if (is(EVENT, bytes, from, colon)) {
            event = text(bytes, value, to);
        } else if (is(ID, bytes, from, colon)) {
            id(bytes, value, to);
        } else if (is(RETRY, bytes, from, colon)) {
            retry(bytes, value, to);
        }
    }

    private static boolean is(byte[] name, byte[] bytes, int from, int to) {
        return Arrays.equals(name, 0, name.length, bytes, from, to);
    }

    private void data(byte[] bytes, int from, int to) {
        if (hasData) {
            data.write('\n');
        }
        data.write(bytes, from, to - from);
        hasData = true;
    }

    private void id(byte[] bytes, int from, int to) {
        String value = text(bytes, from, to);
        if (value.indexOf('\0') < 0) {
            id = value;
        }
    }

    private void retry(byte[] bytes, int from, int to) {
        long millis = 0;
        for (int i = from; i < to; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return;
            }
            millis = Math.min(millis * 10 + digit, Integer.MAX_VALUE);
        }
        if (from < to) {
            retry = Duration.ofMillis(millis);
        }
    }

    /**
     * Does what the standard calls "dispatch the event".
     *
     * @see <a
     *     href="https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage">Its
     *     steps</a>
     */
    private void dispatch() {
        lastEventId = id;
        String name = event;
        event = null;
        if (hasData) {
            String text = text(data);
            data = emptied(data);
            hasData = false;
            events.accept(
                    Event.received(
                            text, name == null || name.isEmpty() ? null : name, lastEventId));
        }
    }

    private static ByteArrayOutputStream emptied(ByteArrayOutputStream buffer) {
        if (buffer.size() > KEPT_BUFFER) {
            return new ByteArrayOutputStream();
        }
        buffer.reset();
        return buffer;
    }

    private static String text(ByteArrayOutputStream bytes) {
        String text = bytes.toString(UTF_8);
        return text.indexOf('\uFFFD') < 0 ? text : repaired(bytes.toByteArray());
    }

    private static String text(byte[] bytes, int from, int to) {
        String text = new String(bytes, from, to - from, UTF_8);
        return text.indexOf('\uFFFD') < 0 ? text : repaired(Arrays.copyOfRange(bytes, from, to));
    }

    /**
     * Java decodes a surrogate in UTF-8 (ED A0 80) to one U+FFFD, browsers to one for each of its
     * bytes. FF in place of ED makes Java do the same.
     *
     * @see <a href="https://encoding.spec.whatwg.org/#utf-8-decoder">The standard's decoder</a>
     */
    private static String repaired(byte[] bytes) {
        for (int i = 0; i + 1 < bytes.length; i++) {
            if (bytes[i] == (byte) 0xED && (bytes[i + 1] & 0xE0) == 0xA0) {
                bytes[i] = (byte) 0xFF;
            }
        }
        return new String(bytes, UTF_8);
    }
}
