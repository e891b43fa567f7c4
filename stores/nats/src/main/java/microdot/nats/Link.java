package microdot.nats;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.impl.Headers;

/**
 * A connection over which entries may be appended, because somebody has looked whether the stream
 * is still what it was.
 */
final class Link {
    final EventStream stream;
    final String prefix;

    /** What the server says about an append. */
    interface Answers {
        void answer(Link over, long number, Message message);
    }

    private final Connection connection;
    private final String inbox;

    Link(EventStream stream, String prefix, Answers to) {
        this.stream = stream;
        this.prefix = prefix;
        this.connection = stream.connection;
        this.inbox = connection.createInbox() + ".";
        Dispatcher answers =
                connection.createDispatcher(
                        message -> {
                            String subject = message.getSubject();
                            long number =
                                    Long.parseLong(subject, inbox.length(), subject.length(), 10);
                            to.answer(this, number, message);
                        });
        answers.setPendingLimits(0, 0); // As many as there are appends in flight.
        answers.subscribe(inbox + "*");
    }

    String subject(String topic) {
        return prefix + Names.encode(topic);
    }

    boolean hasEnded() {
        return connection.getStatus() == Connection.Status.CLOSED;
    }

    long maxPayload() {
        return connection.getMaxPayload();
    }

    /**
     * Sends an append.
     *
     * @throws IllegalStateException when the connection has ended; then it was not sent
     */
    void publish(String topic, long number, Headers headers, byte[] bytes) {
        connection.publish(subject(topic), inbox + number, headers, bytes);
    }
}
