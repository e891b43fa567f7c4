package benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Publishes over one connection that stays open. */
final class Publisher {
    private final Connections connections;
    private final Payload payload;
    private final byte[] head;
    private final HttpReader reader = new HttpReader((bytes, from, to) -> {});
    private int sent;

    Publisher(Connections connections, Payload payload) throws IOException {
        this.connections = connections;
        this.payload = payload;
        head =
                """
                POST /publish HTTP/1.1\r
                Host: localhost\r
                Content-Type: text/plain\r
                Content-Length: %d\r
                \r
                """
                        .formatted(payload.size())
                        .getBytes(US_ASCII);
        connections.connectPublisher(this::take);
    }

    /** Returns whether every request has been answered. */
    boolean isIdle() {
        return reader.complete() == sent;
    }

    void publish(long number) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(head.length + payload.size());
        request.put(head).put(payload.of(number));
        sent++;
        connections.send(request.array());
    }

    private void take(byte[] bytes, int from, int to) {
        reader.feed(bytes, from, to);
        if (reader.status() / 100 != 2 && reader.status() != 0) {
            throw new IllegalStateException(
                    "POST /publish: " + reader.status() + " (expected: 2xx)");
        }
    }
}
