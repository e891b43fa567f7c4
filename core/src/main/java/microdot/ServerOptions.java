package microdot;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * How a server listens and what it allows. Immutable: each method with an argument returns a
 * changed copy and throws an {@link IllegalArgumentException} that names what came and what was
 * expected.
 */
public final class ServerOptions implements Cloneable {
    // A hundred years: a sum of it and a moment still fits the nanoseconds of a long.
    private static final int LONGEST_DAYS = 36_500;

    private String host = "0.0.0.0";
    private int port = 5000;
    private int maxHead = 16 << 10;
    private int maxBody = 1 << 20;
    private Duration headTimeout = Duration.ofSeconds(10);
    private Duration bodyTimeout = Duration.ofSeconds(60);
    private Duration idleTimeout = Duration.ofSeconds(60);
    private int streamBuffer = 64 << 10;
    private Duration heartbeat = Duration.ofSeconds(15);
    private Duration halfOpen = Duration.ofSeconds(20);
    private Duration closeTimeout = Duration.ofSeconds(2);
    private int maxStreams = 100_000;
    private int maxStreamsPerAddress;
    private Duration maxStreamAge = Duration.ZERO;
    private int reconnectsPerSecond = 500;

    /** The address to listen on; default {@code 0.0.0.0}. */
    public String host() {
        return host;
    }

    public ServerOptions host(String value) {
        return with(copy -> copy.host = value);
    }

    /** The port, 0 for a free one; default 5000. */
    public int port() {
        return port;
    }

    public ServerOptions port(int value) {
        if (value < 0 || value > 65535) {
            throw new IllegalArgumentException("port: " + value + " (expected: 0 to 65535)");
        }
        return with(copy -> copy.port = value);
    }

    /**
     * Bytes of a request line beyond which the answer is 414, and bytes of all header fields
     * together beyond which it is 431; default 16 KiB.
     */
    public int maxHead() {
        return maxHead;
    }

    public ServerOptions maxHead(int bytes) {
        checkSize("maxHead", bytes);
        return with(copy -> copy.maxHead = bytes);
    }

    /** Bytes of a request body beyond which the answer is 413; default 1 MiB. */
    public int maxBody() {
        return maxBody;
    }

    public ServerOptions maxBody(int bytes) {
        checkSize("maxBody", bytes);
        return with(copy -> copy.maxBody = bytes);
    }

    /**
     * How long a request's head may take to arrive, from its first byte; default 10 s. A late one
     * is answered 408.
     */
    public Duration headTimeout() {
        return headTimeout;
    }

    public ServerOptions headTimeout(Duration value) {
        checkTime("headTimeout", value, false);
        return with(copy -> copy.headTimeout = value);
    }

    /**
     * How long a request's body may take to arrive, from the end of its head; default 60 s. A late
     * one is answered 408.
     */
    public Duration bodyTimeout() {
        return bodyTimeout;
    }

    public ServerOptions bodyTimeout(Duration value) {
        checkTime("bodyTimeout", value, false);
        return with(copy -> copy.bodyTimeout = value);
    }

    /**
     * How long a connection may stay without a request, and how long an ended response may wait for
     * the client to read it, before it is closed; default 60 s.
     */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    public ServerOptions idleTimeout(Duration value) {
        checkTime("idleTimeout", value, false);
        return with(copy -> copy.idleTimeout = value);
    }

    /**
     * Bytes of one stream that may wait for its client to read before a write blocks; default 64
     * KiB.
     */
    public int streamBuffer() {
        return streamBuffer;
    }

    public ServerOptions streamBuffer(int bytes) {
        checkSize("streamBuffer", bytes);
        return with(copy -> copy.streamBuffer = bytes);
    }

    /**
     * After how long without anything sent a stream gets a comment; zero for never; default 15 s.
     */
    public Duration heartbeat() {
        return heartbeat;
    }

    public ServerOptions heartbeat(Duration value) {
        checkTime("heartbeat", value, true);
        return with(copy -> copy.heartbeat = value);
    }

    /**
     * How long sent bytes may stay unacknowledged by a peer from which nothing is heard before its
     * stream is cut; zero for never; default 20 s. Works where the transport can ask the kernel
     * (epoll); a peer that acknowledges but does not read is kept.
     */
    public Duration halfOpen() {
        return halfOpen;
    }

    public ServerOptions halfOpen(Duration value) {
        checkTime("halfOpen", value, true);
        return with(copy -> copy.halfOpen = value);
    }

    /** How long {@link Server#close} waits for handlers to finish; default 2 s. */
    public Duration closeTimeout() {
        return closeTimeout;
    }

    public ServerOptions closeTimeout(Duration value) {
        checkTime("closeTimeout", value, true);
        return with(copy -> copy.closeTimeout = value);
    }

    /**
     * Streams that may be open at once; default 100,000. Who comes beyond is told to come later, as
     * {@link microdot.sse.Sse#rejectWithRetry} says.
     */
    public int maxStreams() {
        return maxStreams;
    }

    public ServerOptions maxStreams(int streams) {
        checkCount("maxStreams", streams, 1);
        return with(copy -> copy.maxStreams = streams);
    }

    /**
     * Streams that one client address may have open at once, loopback never counted; 0, the
     * default, for no limit.
     */
    public int maxStreamsPerAddress() {
        return maxStreamsPerAddress;
    }

    public ServerOptions maxStreamsPerAddress(int streams) {
        checkCount("maxStreamsPerAddress", streams, 0);
        return with(copy -> copy.maxStreamsPerAddress = streams);
    }

    /**
     * How long a stream may last before it is ended properly and its client told to come again;
     * each lasts 80 to 100 percent of it, so that those that came together do not end together;
     * zero, the default, for no limit.
     */
    public Duration maxStreamAge() {
        return maxStreamAge;
    }

    public ServerOptions maxStreamAge(Duration value) {
        checkTime("maxStreamAge", value, true);
        return with(copy -> copy.maxStreamAge = value);
    }

    /**
     * How many clients may come again in any one second after the server has sent them away, be it
     * that it drains, that their streams came of age, or that they were refused; default 500. Each
     * is told a moment of its own, one after another and half a second away at least, so that no
     * second brings more, as far as clients and networks keep the time. Should so many be refused
     * that the next moment is over a minute away, and further than all open streams need, then who
     * comes on top draws one from that time.
     */
    public int reconnectsPerSecond() {
        return reconnectsPerSecond;
    }

    public ServerOptions reconnectsPerSecond(int clients) {
        checkCount("reconnectsPerSecond", clients, 1);
        return with(copy -> copy.reconnectsPerSecond = clients);
    }

    private ServerOptions with(Consumer<ServerOptions> change) {
        try {
            var copy = (ServerOptions) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    private static void checkSize(String name, int bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException(
                    name + ": " + bytes + " (expected: a positive number of bytes)");
        }
    }

    private static void checkCount(String name, int count, int least) {
        if (count < least) {
            throw new IllegalArgumentException(
                    name + ": " + count + " (expected: at least " + least + ")");
        }
    }

    private static void checkTime(String name, Duration value, boolean mayBeOff) {
        if (value.isNegative() || (value.isZero() && !mayBeOff) || value.toDays() >= LONGEST_DAYS) {
            throw new IllegalArgumentException(
                    name
                            + ": "
                            + value
                            + " (expected: "
                            + (mayBeOff ? "zero or more" : "more than zero")
                            + ", less than "
                            + LONGEST_DAYS
                            + " days)");
        }
    }
}
