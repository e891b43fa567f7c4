package microdot.sse;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import microdot.internal.Quoted;
import microdot.internal.RefusedValueException;
import org.jspecify.annotations.Nullable;

/**
 * One event. Immutable: {@link #event(String)}, {@link #id(String)} and {@link #retry(Duration)}
 * return a changed copy. An event that would break the stream cannot be built.
 *
 * @see <a
 *     href="https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream">The
 *     format</a>
 */
public final class Event {
    /**
     * The most bytes that one event may take on the wire: 16 MiB. A larger event is rejected when
     * it is sent.
     */
    public static final int MAX_BYTES = 16 << 20;

    /**
     * The most bytes of an id, in UTF-8: browsers send it back in a header, which servers and
     * proxies bound.
     */
    public static final int MAX_ID_BYTES = 128;

    private final Object data;
    private final boolean json; // The data is written as JSON, whatever it is.
    private final @Nullable String event;
    private final @Nullable String id;
    private final @Nullable Duration retry;

    private Event(
            Object data,
            boolean json,
            @Nullable String event,
            @Nullable String id,
            @Nullable Duration retry) {
        this.data = data;
        this.json = json;
        this.event = event;
        this.id = id;
        this.retry = retry;
    }

    /**
     * Returns an event with this data. A {@link CharSequence} and a {@code byte[]} (UTF-8) go out
     * as they are; a {@link java.util.Map}, {@link Iterable}, array or record as JSON; numbers and
     * other objects as the text of their {@code toString}. Conversion happens when the event is
     * sent or published; an object whose class has no {@code toString} of its own is rejected
     * there: see {@link #json}.
     *
     * @throws IllegalArgumentException when the data is null or an event itself
     */
    public static Event of(Object data) {
        return new Event(checked(data), false, null, null, null);
    }

    /**
     * Returns an event whose data is this object as JSON, whatever its class is. It is converted
     * when the event is sent or published.
     *
     * @throws IllegalArgumentException when the object is null or an event itself
     */
    public static Event json(Object data) {
        return new Event(checked(data), true, null, null, null);
    }

    private static Object checked(Object data) {
        if (data == null) {
            throw new IllegalArgumentException(
                    "data: null (expected: a value; \"\" for an event without text)");
        }
        if (data instanceof Event) {
            throw new IllegalArgumentException("data: an " + data + " (expected: its data)");
        }
        return data;
    }

    /** Returns an event as a client received it, without the checks of what a server may send. */
    static Event received(String data, @Nullable String event, @Nullable String id) {
        return new Event(data, false, event, id, null);
    }

    boolean isJson() {
        return json;
    }

    /** Returns the data as it was given; a String in an event that was received. */
    public Object data() {
        return data;
    }

    /** Returns the name under which the browser dispatches it; null for {@code message}. */
    public @Nullable String event() {
        return event;
    }

    /**
     * Returns a copy with this name; null for none.
     *
     * @throws IllegalArgumentException when it holds CR, LF, NUL or half of a surrogate pair
     */
    public Event event(@Nullable String name) {
        checked("event", name);
        if (name != null) {
            WholeText.checked("event", name);
        }
        return new Event(data, json, name, id, retry);
    }

    /**
     * Returns the id that the browser sends back as {@code Last-Event-ID}; null when the event has
     * none.
     */
    public @Nullable String id() {
        return id;
    }

    /**
     * Returns a copy with this id; null for none. The empty id makes the client forget the last
     * one.
     *
     * @throws IllegalArgumentException when it takes more than {@link #MAX_ID_BYTES} bytes, or the
     *     client could not send it back in a header: it holds a control character or half of a
     *     surrogate pair, or begins or ends with a space or tab
     */
    public Event id(@Nullable String id) {
        checked("id", id);
        if (id != null && id.getBytes(StandardCharsets.UTF_8).length > MAX_ID_BYTES) {
            throw new RefusedValueException(
                    "id: "
                            + id.getBytes(StandardCharsets.UTF_8).length
                            + " bytes (expected: at most "
                            + MAX_ID_BYTES
                            + ")",
                    id,
                    other -> other.getBytes(StandardCharsets.UTF_8).length > MAX_ID_BYTES);
        }
        if (id != null && !survivesHeader(id)) {
            throw new RefusedValueException(
                    "id: "
                            + Arrays.toString(id.codePoints().toArray())
                            + " as code points (expected: no control characters or halves of"
                            + " characters, no space at an end)",
                    id,
                    other -> !survivesHeader(other));
        }
        return new Event(data, json, event, id, retry);
    }

    private static boolean survivesHeader(String id) {
        boolean padded = !id.isEmpty() && (isSpace(id, 0) || isSpace(id, id.length() - 1));
        return !padded
                && id.chars().noneMatch(c -> (c < ' ' && c != '\t') || c == 127)
                && StandardCharsets.UTF_8.newEncoder().canEncode(id);
    }

    private static boolean isSpace(String text, int at) {
        return text.charAt(at) == ' ' || text.charAt(at) == '\t';
    }

    /** Returns the reconnect delay for the client; null when the event does not set one. */
    public @Nullable Duration retry() {
        return retry;
    }

    /**
     * Returns a copy with this reconnect delay, written in whole milliseconds; null for none.
     *
     * @throws IllegalArgumentException when it is negative, more than 2,147,483,647 ms, or below a
     *     millisecond without being 0
     */
    public Event retry(@Nullable Duration retry) {
        if (retry != null
                && (retry.isNegative()
                        || retry.compareTo(Duration.ofMillis(Integer.MAX_VALUE)) > 0
                        || (retry.toMillis() == 0 && !retry.isZero()))) {
            throw new IllegalArgumentException(
                    "retry: "
                            + retry
                            + " (expected: 0, or whole milliseconds from 1 to "
                            + Integer.MAX_VALUE
                            + ")");
        }
        return new Event(data, json, event, id, retry);
    }

    private static void checked(String field, @Nullable String value) {
        if (value != null && hasBreak(value)) {
            throw new RefusedValueException(
                    field + ": " + Quoted.of(value) + " (expected: no CR, LF or NUL)",
                    value,
                    Event::hasBreak);
        }
    }

    private static boolean hasBreak(String value) {
        return value.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Event that
                && data.equals(that.data)
                && json == that.json
                && Objects.equals(event, that.event)
                && Objects.equals(id, that.id)
                && Objects.equals(retry, that.retry);
    }

    @Override
    public int hashCode() {
        return Objects.hash(data, event, id, retry);
    }

    @Override
    public String toString() {
        return "Event[data=" + data + ", event=" + event + ", id=" + id + ", retry=" + retry + "]";
    }
}
