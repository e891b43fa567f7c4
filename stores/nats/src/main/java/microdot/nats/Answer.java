package microdot.nats;

import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.PublishAck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the server says about an append.
 *
 * @param sequence of the entry; of a conflict, the last one of the topic; else 0
 * @param text of a refusal, for a person; else empty
 */
record Answer(Kind kind, long sequence, String text) {
    /** The kinds of answers. */
    enum Kind {
        /** The entry is in the stream. */
        STORED,
        /** An entry with the same idempotency key is in the stream. */
        DUPLICATE,
        /** The topic has another last entry than expected. */
        CONFLICT,
        /** The entry is not in the stream. */
        REFUSED,
        /** There is no stream. */
        NO_STREAM
    }

    private static final int WRONG_LAST_SEQUENCE = 10071;
    private static final byte[] SEQUENCE = "\"seq\":".getBytes(StandardCharsets.US_ASCII);
    private static final Pattern LAST = Pattern.compile("wrong last sequence: (\\d{1,18})");

    static Answer of(Message message) {
        if (message.isStatusMessage()) {
            return new Answer(Kind.NO_STREAM, 0, message.getStatus().getMessageWithCode());
        }
        long plain = plainSequence(message.getData());
        if (plain > 0) {
            return new Answer(Kind.STORED, plain, "");
        }
        try {
            var ack = new PublishAck(message);
            Kind kind = ack.isDuplicate() ? Kind.DUPLICATE : Kind.STORED;
            return new Answer(kind, ack.getSeqno(), "");
        } catch (JetStreamApiException e) {
            Matcher last = LAST.matcher(e.getErrorDescription());
            return e.getApiErrorCode() == WRONG_LAST_SEQUENCE && last.find()
                    ? new Answer(Kind.CONFLICT, Long.parseLong(last.group(1)), "")
                    : refused(e.getErrorDescription() + " (" + e.getApiErrorCode() + ")");
        } catch (IOException e) {
            return refused(String.valueOf(e.getMessage()));
        }
    }

    private static Answer refused(String text) {
        return new Answer(Kind.REFUSED, 0, text);
    }

    /**
     * Returns the sequence of an answer such as {@code {"stream":"app","seq":12}}, which most are;
     * 0 for every other, which takes a parser.
     */
    static long plainSequence(byte[] json) {
        int at = json.length - 2;
        long sequence = 0;
        for (long unit = 1; at > 0 && json[at] >= '0' && json[at] <= '9'; at--, unit *= 10) {
            sequence += unit * (json[at] - '0');
        }
        int start = at + 1 - SEQUENCE.length;
        boolean isPlain =
                start > 0
                        && json.length - at < 20
                        && json[json.length - 1] == '}'
                        && Arrays.equals(json, start, at + 1, SEQUENCE, 0, SEQUENCE.length);
        return isPlain ? sequence : 0;
    }
}
