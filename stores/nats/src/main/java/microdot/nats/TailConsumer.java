package microdot.nats;

import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.Subscription;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Gets every message of a stream after a sequence, in order, until it notices that one is missing.
 * The server sends more only when the earlier ones were taken (flow control).
 */
final class TailConsumer {
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);

    /** So many heartbeats may be missing. */
    private static final int PATIENCE = 3;

    private static final Duration LIFE = Duration.ofSeconds(30);

    private final EventStream stream;
    private final String subjects;
    private final Subscription messages;
    private long number;
    private long last; // The sequence of the newest message that was returned.
    private Scan.@Nullable Found ahead; // What is before it is looked up first.

    TailConsumer(EventStream stream, String subjects, long after)
            throws IOException, JetStreamApiException {
        this.stream = stream;
        this.subjects = subjects;
        this.last = after;
        String inbox = stream.connection.createInbox();
        this.messages = stream.connection.subscribe(inbox);
        messages.setPendingLimits(0, 0); // Flow control is the limit: at most 32 MiB.
        stream.management.createConsumer(
                stream.name,
                ConsumerConfiguration.builder()
                        .filterSubject(subjects)
                        .deliverSubject(inbox)
                        .deliverPolicy(DeliverPolicy.ByStartSequence)
                        .startSequence(after + 1)
                        .ackPolicy(AckPolicy.None)
                        .flowControl(HEARTBEAT)
                        .memStorage(true)
                        .numReplicas(1)
                        .inactiveThreshold(LIFE)
                        .build());
    }

    /**
     * Returns the next message that has come already; null when there is none. Another thread may
     * call {@link #end}.
     *
     * @throws IOException when a message is missing
     * @throws IllegalStateException when the consumer has ended
     */
    Scan.@Nullable Found poll() throws IOException, JetStreamApiException, InterruptedException {
        while (true) {
            if (ahead != null) {
                return upTo(ahead);
            }
            Message message = messages.nextMessage(null);
            if (message == null) {
                return null;
            }
            Scan.Found found = found(message);
            if (found != null) {
                return found;
            }
        }
    }

    /** Waits for the next message. */
    Scan.Found take() throws IOException, JetStreamApiException, InterruptedException {
        while (true) {
            if (ahead != null) {
                return upTo(ahead);
            }
            Message message = messages.nextMessage(HEARTBEAT.multipliedBy(PATIENCE));
            if (message == null) {
                throw new IOException("no heartbeat from stream " + stream.name);
            }
            Scan.Found found = found(message);
            if (found != null) {
                return found;
            }
        }
    }

    private Scan.@Nullable Found found(Message message) throws IOException {
        if (message.isStatusMessage()) {
            status(message);
            return null;
        }
        Delivered at = Delivered.of(message.getReplyTo());
        check(at.number() - 1);
        number = at.number();
        var found = new Scan.Found(at, message);
        if (at.sequence() > last + 1 && stream.movesConsumers()) {
            ahead = found;
            return null;
        }
        last = at.sequence();
        return found;
    }

    /**
     * Returns the next message that the consumer was moved past, at last the one that it gave: see
     * {@link EventStream#movesConsumers}. That one need not be the removal, which another removal
     * may have removed.
     */
    private Scan.Found upTo(Scan.Found given) throws IOException, JetStreamApiException {
        long end = given.at().sequence();
        MessageInfo next = last + 1 < end ? stream.next(subjects, last) : null;
        if (next == null || next.getSeq() >= end) {
            ahead = null;
            last = end;
            return given;
        }
        last = next.getSeq();
        return found(next);
    }

    private static Scan.Found found(MessageInfo info) {
        long nanos = Resume.nanos(Objects.requireNonNull(info.getTime()));
        Message message =
                NatsMessage.builder()
                        .subject(Objects.requireNonNull(info.getSubject()))
                        .headers(info.getHeaders())
                        .data(info.getData())
                        .build();
        return new Scan.Found(new Delivered(info.getSeq(), 0, nanos, 0), message);
    }

    private void status(Message message) throws IOException {
        if (message.getStatus().getCode() != 100) {
            throw new IOException(message.getStatus().getMessageWithCode());
        }
        String reply = message.getReplyTo();
        if (reply != null && !reply.isEmpty()) {
            stream.connection.publish(reply, new byte[0]); // Flow control.
            return;
        }
        Headers headers = message.getHeaders();
        String stalled = headers == null ? null : headers.getFirst("Nats-Consumer-Stalled");
        if (stalled != null) {
            stream.connection.publish(stalled, new byte[0]);
        }
        String last = headers == null ? null : headers.getFirst("Nats-Last-Consumer");
        if (last != null) {
            check(Long.parseLong(last));
        }
    }

    private void check(long last) throws IOException {
        if (last != number) {
            throw new IOException(
                    "delivery "
                            + last
                            + " of stream "
                            + stream.name
                            + " (expected: "
                            + number
                            + ")");
        }
    }

    /** Ends a wait in another thread. */
    void end() {
        try {
            messages.unsubscribe();
        } catch (IllegalStateException e) {
            // The connection has ended.
        }
    }
}
