package microdot.nats;

import io.nats.client.Message;
import io.nats.client.impl.Headers;
import java.nio.charset.StandardCharsets;
import microdot.sse.store.Append;
import microdot.sse.store.Entry;
import org.jspecify.annotations.Nullable;

/** An entry as a message: its bytes are the payload, its other fields are headers. */
final class EntryMessage {
    /** The code of the kind. A message without it is no entry. */
    static final String KIND = "Kind";

    /** The node that appended the entry, a point, and the number of the append. */
    static final String FROM = "From";

    static final String KEY = "Key";
    static final String ID = "Id";
    static final String ROW = "Row";

    /** How long an end of the topic refuses the entry, in milliseconds; none when it does not. */
    static final String END_LASTS = "End-Lasts";

    /** Of an end that replaces one: see {@link EventStream#endAgain}. */
    private static final String AGAIN = "Again";

    private static final String EXPECTED_LAST = "Nats-Expected-Last-Subject-Sequence";
    private static final String MESSAGE_ID = "Nats-Msg-Id";
    private static final byte[] NO_BYTES = {};

    private EntryMessage() {}

    /**
     * Returns the headers of an append.
     *
     * @param expectedLast the sequence that the topic must have as its last; -1 when it does not
     *     matter
     */
    static Headers headers(Append append, String from, long expectedLast) {
        Entry entry = append.entries().getFirst();
        var headers = new Headers();
        headers.put(KIND, Integer.toString(entry.kind().code()));
        headers.put(FROM, from);
        if (entry.key() != null) {
            headers.put(KEY, Names.encode(entry.key()));
        }
        if (entry.id() != null) {
            headers.put(ID, Names.encode(entry.id()));
        }
        if (entry.row() != 0) {
            headers.put(ROW, Long.toString(entry.row()));
        }
        if (entry.kind() == Entry.Kind.CLEAR) {
            // The server removes what the topic had before, in the same step.
            headers.put("Nats-Rollup", "sub");
        }
        if (append.endLasts() != null) {
            headers.put(END_LASTS, Long.toString(append.endLasts().toMillis()));
        }
        if (expectedLast >= 0) {
            headers.put(EXPECTED_LAST, Long.toString(expectedLast));
        }
        if (append.idempotencyKey() != null) {
            headers.put(MESSAGE_ID, Names.encode(append.idempotencyKey()));
        }
        return headers;
    }

    /** Returns the entry of a message; null when it is none. */
    static @Nullable Entry entry(Message message) {
        return entry(message.getSubject(), message.getHeaders(), message.getData());
    }

    /** Returns the entry of a message; null when it is none. */
    static @Nullable Entry entry(
            String subject, @Nullable Headers headers, byte @Nullable [] data) {
        String kind = headers == null ? null : headers.getFirst(KIND);
        if (headers == null || kind == null) {
            return null;
        }
        try {
            return new Entry(
                    Entry.Kind.of(Integer.parseInt(kind)),
                    Names.decode(subject.substring(subject.lastIndexOf('.') + 1)),
                    decoded(headers, KEY),
                    decoded(headers, ID),
                    number(headers, ROW),
                    data == null ? NO_BYTES : data);
        } catch (IllegalArgumentException e) {
            return null; // Published by something else.
        }
    }

    /** Returns the headers of an end that replaces one. */
    static Headers endAgain() {
        return new Headers().put(KIND, Integer.toString(Entry.Kind.CLOSE.code())).put(AGAIN, "1");
    }

    /** Returns whether the message is an end that replaces one, and no entry of its own. */
    static boolean isEndAgain(Message message) {
        Headers headers = message.getHeaders();
        return headers != null && headers.getFirst(AGAIN) != null;
    }

    /** Returns how long an end of the topic refuses a message, in milliseconds; 0 for never. */
    static long endLasts(Message message) {
        Headers headers = message.getHeaders();
        try {
            return headers == null ? 0 : number(headers, END_LASTS);
        } catch (NumberFormatException e) {
            return 0; // Published by something else.
        }
    }

    private static @Nullable String decoded(Headers headers, String name) {
        String value = headers.getFirst(name);
        return value == null ? null : Names.decode(value);
    }

    private static long number(Headers headers, String name) {
        String value = headers.getFirst(name);
        return value == null ? 0 : Long.parseLong(value);
    }

    /** Returns about how many bytes an append takes on the way. */
    static int size(Append append) {
        Entry entry = append.entries().getFirst();
        return entry.bytes().length
                + entry.topic().length()
                + length(entry.key())
                + length(entry.id())
                + length(append.idempotencyKey())
                + 256;
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.getBytes(StandardCharsets.UTF_8).length;
    }
}
