package microdot.nats;

import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.Subscription;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DeliverPolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a stream has now, oldest first, by a consumer of its own. Pulls in batches whose size
 * follows the size of the messages, so that little is read in vain.
 */
final class Scan implements AutoCloseable {
    private static final int MAX_BATCH = 512;

    /** About how many bytes a batch has. */
    private static final int BATCH_BYTES = 256 << 10;

    private static final Duration LIFE = Duration.ofSeconds(30);

    private final EventStream stream;
    private final Duration timeout;
    private final String consumer;
    private final String inbox;
    private final Subscription messages;
    private long pending; // Of those that were there when the scan began: it follows no writers.
    private int asked;
    private int batch = 16;
    private long batchBytes;

    /** A message and where it is. */
    record Found(Delivered at, Message message) {}

    /** Returns a scan of all subjects that match, from where the configuration says. */
    Scan(EventStream stream, Duration timeout, ConsumerConfiguration.Builder from)
            throws IOException, JetStreamApiException {
        this.stream = stream;
        this.timeout = timeout;
        this.inbox = stream.connection.createInbox();
        ConsumerInfo made =
                stream.management.createConsumer(
                        stream.name,
                        from.ackPolicy(AckPolicy.None)
                                .memStorage(true)
                                .numReplicas(1)
                                .inactiveThreshold(LIFE)
                                .build());
        this.consumer = made.getName();
        this.pending = made.getNumPending();
        this.messages = stream.connection.subscribe(inbox);
    }

    /** What begins after a sequence. */
    static ConsumerConfiguration.Builder after(String subject, long sequence) {
        return ConsumerConfiguration.builder()
                .filterSubject(subject)
                .deliverPolicy(DeliverPolicy.ByStartSequence)
                .startSequence(Math.max(sequence, sequence + 1)); // Long.MAX_VALUE stays.
    }

    /** Returns the next message; null when there is none. */
    @Nullable Found next() throws IOException, InterruptedException {
        if (asked == 0 && !pull()) {
            return null;
        }
        Message message = messages.nextMessage(timeout);
        if (message == null) {
            throw new IOException(
                    "no message within " + timeout.toMillis() + " ms",
                    new TimeoutException("consumer " + consumer));
        }
        if (message.isStatusMessage()) {
            int code = message.getStatus().getCode();
            if (code == 404 || code == 408) {
                asked = 0;
                pending = 0;
                return null;
            }
            throw new IOException(message.getStatus().getMessageWithCode());
        }
        Delivered at = Delivered.of(message.getReplyTo());
        asked--;
        pending = Math.min(pending - 1, at.pending());
        if (pending == 0) {
            asked = 0;
        }
        batchBytes += message.consumeByteCount(); // With the headers, which may be all.
        return new Found(at, message);
    }

    private boolean pull() {
        if (pending == 0) {
            return false;
        }
        if (batchBytes > 0) {
            long average = batchBytes / batch + 1;
            batch = Math.clamp(BATCH_BYTES / average, 1, MAX_BATCH);
            batchBytes = 0;
        }
        asked = (int) Math.min(batch, pending);
        batch = asked;
        String request =
                "{\"batch\":" + asked + ",\"expires\":" + timeout.dividedBy(2).toNanos() + "}";
        stream.connection.publish(
                "$JS.API.CONSUMER.MSG.NEXT." + stream.name + "." + consumer,
                inbox,
                request.getBytes(StandardCharsets.UTF_8));
        return true;
    }

    /** Removes the consumer; does not wait for that. */
    @Override
    public void close() {
        try {
            messages.unsubscribe();
            stream.connection.publish(
                    "$JS.API.CONSUMER.DELETE." + stream.name + "." + consumer, inbox, new byte[0]);
        } catch (IllegalStateException e) {
            // The connection has ended. The server removes the consumer by itself.
        }
    }
}
