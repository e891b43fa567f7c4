package microdot.nats;

import org.jspecify.annotations.Nullable;

/**
 * Where a message is in its stream, as a consumer says in the reply subject.
 *
 * @param sequence in the stream
 * @param number of the delivery to the consumer, from 1
 * @param nanos when it was stored, in nanoseconds since 1970, by the server's clock
 * @param pending how many messages the consumer has after it
 */
record Delivered(long sequence, long number, long nanos, long pending) {
    /**
     * Reads {@code $JS.ACK.stream.consumer.count.sequence.number.nanos.pending}; newer servers
     * write a domain and an account before the stream, and may add tokens.
     */
    static Delivered of(@Nullable String reply) {
        String[] tokens = reply == null ? new String[0] : reply.split("\\.", -1);
        int first = tokens.length >= 11 ? 7 : 5;
        if (tokens.length < first + 4) {
            throw new IllegalStateException(
                    "reply: " + reply + " (expected: a subject that begins with $JS.ACK)");
        }
        return new Delivered(
                Long.parseLong(tokens[first]),
                Long.parseLong(tokens[first + 1]),
                Long.parseLong(tokens[first + 2]),
                Long.parseLong(tokens[first + 3]));
    }
}
