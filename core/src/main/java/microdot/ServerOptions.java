package microdot;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import microdot.internal.Required;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, and its limits. Immutable: each method with an argument returns a changed
 * copy, and throws an {@link IllegalArgumentException} that names the value and what was expected.
 */
public final class ServerOptions {
    private final ServerOptionValues values;

    /** Creates the default options. */
    public ServerOptions() {
        this(new ServerOptionValues());
    }

    private ServerOptions(ServerOptionValues values) {
        this.values = values;
    }

    private ServerOptions with(Consumer<ServerOptionValues> change) {
        ServerOptionValues copy = values.copy();
        change.accept(copy);
        return new ServerOptions(copy);
    }

    /** The address to listen on; default {@code 0.0.0.0}, which is every address. */
    public String host() {
        return values.host;
    }

    public ServerOptions host(String value) {
        Required.notNull(value, "host", "an address such as 0.0.0.0");
        return with(copy -> copy.host = value);
    }

    /** The port to listen on, 0 for a free one; default 5000. */
    public int port() {
        return values.port;
    }

    public ServerOptions port(int value) {
        OptionChecks.port(value);
        return with(copy -> copy.port = value);
    }

    /**
     * The bytes that a request line may have, and the bytes that all header fields together may
     * have; default 16 KiB each. A field counts with its line end and 32 bytes more, because it
     * costs memory however short it is. A longer request line is answered with 414, longer header
     * fields with 431.
     */
    public int maxHead() {
        return values.maxHead;
    }

    public ServerOptions maxHead(int bytes) {
        OptionChecks.positiveBytes("maxHead", bytes);
        return with(copy -> copy.maxHead = bytes);
    }

    /**
     * The bytes that a request body may have; default 1 MiB. A longer body is answered with 413
     * when a handler reads it. {@link Microdot#maxBody(long, Handler)} sets another limit for a
     * route.
     */
    public int maxBody() {
        return values.maxBody;
    }

    public ServerOptions maxBody(int bytes) {
        OptionChecks.positiveBytes("maxBody", bytes);
        return with(copy -> copy.maxBody = bytes);
    }

    /**
     * How long the head of a request may take to arrive, from its first byte; default 10 s. A later
     * head is answered with 408.
     */
    public Duration headTimeout() {
        return values.headTimeout;
    }

    public ServerOptions headTimeout(Duration value) {
        OptionChecks.positive("headTimeout", value);
        return with(copy -> copy.headTimeout = value);
    }

    /**
     * How long a handler may wait for the body of its request, and again how long a rest may take
     * that is discarded; default 60 s. A body that is longer than {@link #maxBody}, where a route
     * allows that, has this time for each {@link #maxBody} bytes. A slower body is answered with
     * 408.
     */
    public Duration bodyTimeout() {
        return values.bodyTimeout;
    }

    public ServerOptions bodyTimeout(Duration value) {
        OptionChecks.positive("bodyTimeout", value);
        return with(copy -> copy.bodyTimeout = value);
    }

    /** How long a connection may stay without a request before it is closed; default 60 s. */
    public Duration idleTimeout() {
        return values.idleTimeout;
    }

    public ServerOptions idleTimeout(Duration value) {
        OptionChecks.positive("idleTimeout", value);
        return with(copy -> copy.idleTimeout = value);
    }

    /** The unread bytes of one stream at which a write blocks; default 64 KiB. */
    public int streamBuffer() {
        return values.streamBuffer;
    }

    public ServerOptions streamBuffer(int bytes) {
        OptionChecks.positiveBytes("streamBuffer", bytes);
        return with(copy -> copy.streamBuffer = bytes);
    }

    /**
     * How long a stream may send nothing before it sends a comment; default 15 s; zero for never.
     */
    public Duration heartbeat() {
        return values.heartbeat;
    }

    public ServerOptions heartbeat(Duration value) {
        OptionChecks.zeroOrMore("heartbeat", value);
        return with(copy -> copy.heartbeat = value);
    }

    /**
     * How long sent bytes may stay unacknowledged by a peer from which nothing arrives, before its
     * stream is aborted; default 20 s; zero for never. Works where the transport can ask the kernel
     * (epoll). A peer that acknowledges but does not read is kept. Systems may delay an
     * acknowledgement by up to half a second (RFC 9293, section 3.8.6.3): a value below a second
     * aborts streams of living peers.
     */
    public Duration halfOpen() {
        return values.halfOpen;
    }

    public ServerOptions halfOpen(Duration value) {
        OptionChecks.zeroOrMore("halfOpen", value);
        return with(copy -> copy.halfOpen = value);
    }

    /**
     * How long {@link Server#close()} waits for handlers, {@code onClose} actions and responses;
     * default 2 s. What is not finished then is disconnected.
     */
    public Duration closeTimeout() {
        return values.closeTimeout;
    }

    public ServerOptions closeTimeout(Duration value) {
        OptionChecks.zeroOrMore("closeTimeout", value);
        return with(copy -> copy.closeTimeout = value);
    }

    /**
     * How many streams may be open at the same time; default 100,000. Further clients are rejected
     * as {@link microdot.sse.Sse#rejectWithRetry} says.
     */
    public int maxStreams() {
        return values.maxStreams;
    }

    public ServerOptions maxStreams(int streams) {
        OptionChecks.atLeast(1, "maxStreams", streams);
        return with(copy -> copy.maxStreams = streams);
    }

    /**
     * How many streams one client address (IPv6: one /64 network) may have open at the same time;
     * 0, the default, for no limit. Loopback addresses and {@link #trustedProxies} are not counted.
     */
    public int maxStreamsPerAddress() {
        return values.maxStreamsPerAddress;
    }

    public ServerOptions maxStreamsPerAddress(int streams) {
        OptionChecks.atLeast(0, "maxStreamsPerAddress", streams);
        return with(copy -> copy.maxStreamsPerAddress = streams);
    }

    /**
     * How many requests and streams one HTTP/2 connection may have at the same time
     * (SETTINGS_MAX_CONCURRENT_STREAMS; RFC 9113, section 5.1.2). Default: 256.
     */
    public int maxConcurrentStreams() {
        return values.maxConcurrentStreams;
    }

    public ServerOptions maxConcurrentStreams(int streams) {
        OptionChecks.atLeast(1, "maxConcurrentStreams", streams);
        return with(copy -> copy.maxConcurrentStreams = streams);
    }

    /**
     * How long a stream may last before the server ends it properly, with a {@code retry} for its
     * client; zero, the default, for no limit. Each stream lasts 80 to 100 percent of this time, so
     * that streams that began together do not end together.
     */
    public Duration maxStreamAge() {
        return values.maxStreamAge;
    }

    public ServerOptions maxStreamAge(Duration value) {
        OptionChecks.zeroOrMore("maxStreamAge", value);
        return with(copy -> copy.maxStreamAge = value);
    }

    /**
     * How many clients may reconnect in any one second after the server closed their streams or
     * rejected them: because it drains, because the streams reached {@link #maxStreamAge}, or
     * because of {@link #maxStreams}; default 500, and 150 with {@link #tls}. A connect costs about
     * 160 µs of CPU time without TLS, 545 µs with BoringSSL and 1,440 µs with the JDK's TLS: 500
     * plain ones cost 8 percent of a core, 150 with BoringSSL as much, and 150 with the JDK 22
     * percent. 10,000 clients are back after 20 s, and after 67 s with TLS.
     *
     * <p>The server gives each client its own reconnect time, one after another and at least half a
     * second in the future, so that no second exceeds the limit as far as clients and networks keep
     * the time. If the next free time is more than a minute in the future, and later than all open
     * streams need, further rejected clients get a random time within that span.
     */
    public int reconnectsPerSecond() {
        int given = values.reconnectsPerSecond;
        return given > 0 ? given : values.tls == null ? 500 : 150;
    }

    public ServerOptions reconnectsPerSecond(int clients) {
        OptionChecks.atLeast(1, "reconnectsPerSecond", clients);
        return with(copy -> copy.reconnectsPerSecond = clients);
    }

    /**
     * The memory that may wait in the server, in bytes; 0, the default, for a quarter of the heap.
     * It counts what is unfinished or unsent: heads, bodies that are being read, pipelined
     * requests, and the unread bytes of responses and streams, on the heap or outside. Of a file
     * only the bytes count that were read from it, which are very few. A single response or event
     * counts at most half of the limit, so that a larger one can be sent while nothing else waits.
     * When the limit is reached, the server disconnects the connection with the largest product of
     * waiting bytes and age; connections below 64 KiB are spared. If there is none, it rejects the
     * request that needs the memory with 503, or closes its connection.
     */
    public long maxMemory() {
        return values.maxMemory;
    }

    public ServerOptions maxMemory(long bytes) {
        OptionChecks.zeroOrMoreBytes("maxMemory", bytes);
        return with(copy -> copy.maxMemory = bytes);
    }

    /** The header fields that a request may have; default 100. More are answered with 431. */
    public int maxFields() {
        return values.maxFields;
    }

    public ServerOptions maxFields(int fields) {
        OptionChecks.atLeast(1, "maxFields", fields);
        return with(copy -> copy.maxFields = fields);
    }

    /**
     * How long a client may read nothing of a response or a stream while bytes wait for it in the
     * server, before the server disconnects it; default 60 s. With epoll the kernel reports what
     * the client acknowledged; elsewhere the bytes count that the socket took.
     */
    public Duration stallTimeout() {
        return values.stallTimeout;
    }

    public ServerOptions stallTimeout(Duration value) {
        OptionChecks.positive("stallTimeout", value);
        return with(copy -> copy.stallTimeout = value);
    }

    /**
     * The bytes per second that the body of a request must arrive with, counted from 5 s on and
     * only while a handler waits for it or the rest is discarded; default 240; 0 for no limit. A
     * slower body is answered with 408.
     */
    public int minRate() {
        return values.minRate;
    }

    public ServerOptions minRate(int bytesPerSecond) {
        OptionChecks.atLeast(0, "minRate", bytesPerSecond);
        return with(copy -> copy.minRate = bytesPerSecond);
    }

    /**
     * How many connections may be open at the same time; 0, the default, for as many as the limit
     * of file descriptors allows, with a reserve for files and the log. At the limit the server
     * accepts nothing until a connection has closed; further clients wait in the queue of the
     * kernel.
     */
    public int maxConnections() {
        return values.maxConnections;
    }

    public ServerOptions maxConnections(int connections) {
        OptionChecks.atLeast(0, "maxConnections", connections);
        return with(copy -> copy.maxConnections = connections);
    }

    /**
     * How many connections one client address may have open at the same time; 0, the default, for
     * no limit. Further ones are closed at once. An IPv6 address counts with its /64 network.
     * Loopback addresses and {@link #trustedProxies} are not counted. With {@link #proxyProtocol},
     * a connection counts for the address that its PROXY header names.
     */
    public int maxConnectionsPerAddress() {
        return values.maxConnectionsPerAddress;
    }

    public ServerOptions maxConnectionsPerAddress(int connections) {
        OptionChecks.atLeast(0, "maxConnectionsPerAddress", connections);
        return with(copy -> copy.maxConnectionsPerAddress = connections);
    }

    /**
     * How many requests may be handled at the same time; default 10,000. Streams do not count once
     * they have begun. Further requests get 503 and {@code Retry-After}, or are rejected as {@link
     * microdot.sse.Sse#rejectWithRetry} says if they accept {@code text/event-stream}.
     */
    public int maxRequests() {
        return values.maxRequests;
    }

    public ServerOptions maxRequests(int requests) {
        OptionChecks.atLeast(1, "maxRequests", requests);
        return with(copy -> copy.maxRequests = requests);
    }

    /**
     * How many requests of one client address (IPv6: of one /64 network) may be handled at the same
     * time; 0, the default, for no limit but {@link #maxRequests}. Further ones are answered as
     * there. Loopback addresses and {@link #trustedProxies} are not counted.
     */
    public int maxRequestsPerAddress() {
        return values.maxRequestsPerAddress;
    }

    public ServerOptions maxRequestsPerAddress(int requests) {
        OptionChecks.atLeast(0, "maxRequestsPerAddress", requests);
        return with(copy -> copy.maxRequestsPerAddress = requests);
    }

    /**
     * What the server calls when it cannot go on, because a {@link VirtualMachineError} such as an
     * {@link OutOfMemoryError} hit one of its own threads; null, the default, for nothing. It is
     * called once, on its own thread, with the error; then the server closes. {@link Microdot#run}
     * ends the process after that.
     */
    public @Nullable Consumer<Throwable> onFailure() {
        return values.onFailure;
    }

    public ServerOptions onFailure(@Nullable Consumer<Throwable> action) {
        return with(copy -> copy.onFailure = action);
    }

    /**
     * How many platform threads run the handlers that {@link Microdot#blocking} made, all routes
     * together; default 64. When all are busy, as many requests wait as there are threads; further
     * requests are rejected with 503, or with a {@code retry} as {@link
     * microdot.sse.Sse#rejectWithRetry} says.
     */
    public int blockingThreads() {
        return values.blockingThreads;
    }

    public ServerOptions blockingThreads(int threads) {
        OptionChecks.atLeast(1, "blockingThreads", threads);
        return with(copy -> copy.blockingThreads = threads);
    }

    /**
     * Whether a GET or HEAD handler is interrupted when its client leaves before the response is
     * ready, as {@link Request#isOpen} says; default false. Handlers of streams are always
     * interrupted. The interrupt hits whatever the handler waits for, so that code that it calls
     * must be able to end there.
     */
    public boolean interruptAbandoned() {
        return values.interruptAbandoned;
    }

    public ServerOptions interruptAbandoned(boolean value) {
        return with(copy -> copy.interruptAbandoned = value);
    }

    /**
     * What gets an entry for each response that was sent and each stream that has ended; null for
     * none. The default is none, unless the system property {@code microdot.accessLog} is {@code
     * standard} or {@code json}, as {@code ./microdot run --access-log} sets it.
     */
    public @Nullable AccessLog accessLog() {
        return values.accessLog;
    }

    public ServerOptions accessLog(@Nullable AccessLog log) {
        return with(copy -> copy.accessLog = log);
    }

    /**
     * The names that the server is asked for; none by default. Once some are set, a request whose
     * {@code Host} is another name is answered with 421.
     *
     * <p>Without this option, only connections to a loopback address are checked: there a {@code
     * Host} that is neither an address nor {@code *.localhost} nor a name without a dot is answered
     * with 421, because a page of that name, whose address was changed to this machine (DNS
     * rebinding), could read everything. {@link #trustedProxies} and {@link #proxyProtocol} switch
     * that off. On connections to a loopback address, {@code localhost} and loopback addresses are
     * always allowed, and {@link #host()}. So is a request without {@code Host}, on every
     * connection.
     */
    public List<String> hosts() {
        return values.hosts;
    }

    /**
     * Sets the names, without a port: {@code app.example}, an address, {@code *.example.org} for
     * all subdomains, or {@code *} for every name. Replaces those set before.
     */
    public ServerOptions hosts(String... names) {
        List<String> lower = OptionChecks.hosts(names);
        return with(copy -> copy.hosts = lower);
    }

    /**
     * The proxies whose word about their clients is believed; none by default. If a connection
     * comes from one of them, the fields {@code X-Forwarded-For}, {@code X-Forwarded-Proto} and
     * {@code X-Forwarded-Host}, or {@code Forwarded} (RFC 7239), give {@link
     * Request#clientAddress}, {@link Request#scheme} and {@link Request#host}. The client is the
     * last address that is not that of a trusted proxy. If both kinds come, {@code Forwarded} is
     * ignored, because most proxies pass on what a client sent in it.
     *
     * <p>{@link #maxStreamsPerAddress} and {@link #maxRequestsPerAddress} then count these clients.
     * Connections of the proxies themselves are not counted.
     */
    public List<String> trustedProxies() {
        return values.trustedProxies;
    }

    /**
     * Sets the addresses of the proxies, or their networks: {@code 127.0.0.1}, {@code 10.0.0.0/8},
     * {@code fd00::/8}; {@code unix:} for the clients of a unix domain socket. Replaces those set
     * before.
     */
    public ServerOptions trustedProxies(String... addresses) {
        List<String> networks = OptionChecks.networks("trustedProxies", addresses);
        return with(copy -> copy.trustedProxies = networks);
    }

    /**
     * Whether each connection begins with a PROXY header, version 1 or 2, which names the client;
     * default false. A connection that begins with anything else, or not within {@link
     * #headTimeout}, is closed. With {@link #trustedProxies}, so is one that comes from elsewhere;
     * without, every connection is believed: let only the proxy reach the port.
     *
     * @see <a href="https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt">The protocol</a>
     */
    public boolean proxyProtocol() {
        return values.proxyProtocol;
    }

    public ServerOptions proxyProtocol(boolean value) {
        return with(copy -> copy.proxyProtocol = value);
    }

    /**
     * The TLS that the server speaks; null for none. The default is none, unless the system
     * property {@code microdot.tls} is {@code self-signed}, as {@code ./microdot run --tls} sets
     * it.
     */
    public @Nullable Tls tls() {
        return values.tls;
    }

    public ServerOptions tls(@Nullable Tls value) {
        return with(copy -> copy.tls = value);
    }

    /**
     * Where the server listens instead of {@link #host} and {@link #port}: several places, or a
     * unix domain socket; none by default. {@link Server#port()} is the port of the first one with
     * TCP.
     */
    public List<Listener> listen() {
        return values.listen;
    }

    /**
     * Sets the places. An {@code https://} address needs {@link #tls}. A unix domain socket can be
     * used by the owner and the group of its file; the folder decides who reaches it. The file of a
     * server that was killed is replaced. The clients of the socket have no address: limits by
     * address do not count them, and {@code trustedProxies("unix:")} trusts the proxy there.
     */
    public ServerOptions listen(Listener... listeners) {
        for (Listener each : Required.notNull(listeners, "listen", "listeners, perhaps none")) {
            Required.notNull(each, "listen", "no null among the listeners");
        }
        List<Listener> all = List.of(listeners);
        return with(copy -> copy.listen = all);
    }

    /**
     * A further port at {@link #host} that redirects every request to the same path with HTTPS, by
     * status 308, which keeps the method; 0 for a free port; -1, the default, for none. It needs
     * {@link #tls}. The host is the one that the request names, and is checked as {@link #hosts}
     * says.
     */
    public int redirectHttp() {
        return values.redirectHttp;
    }

    public ServerOptions redirectHttp(int port) {
        OptionChecks.port(port);
        return with(copy -> copy.redirectHttp = port);
    }
}
