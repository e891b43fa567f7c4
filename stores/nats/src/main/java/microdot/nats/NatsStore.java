package microdot.nats;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import microdot.sse.store.Append;
import microdot.sse.store.EventStore;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import microdot.sse.store.StoredEntry;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the events of topics in a stream of NATS JetStream, for any number of nodes. The server
 * must be nats-server 2.9 or newer, with JetStream.
 *
 * <p>The settings are immutable: each method with an argument returns a store with that setting,
 * and throws an {@link IllegalArgumentException} that says what was expected. Nothing is connected
 * before {@link #open}.
 *
 * <p>An append completes when this node has its entry back from the stream. One server writes to
 * its file without waiting for the disk: a power cut can lose the last events, by default of up to
 * two minutes; then a new epoch begins. With three {@link #replicas} an entry is on two machines
 * before it is acknowledged.
 *
 * <p>What it cannot do:
 *
 * <table>
 * <caption>Limits</caption>
 * <tr><th>Limit</th><th>What that means</th></tr>
 * <tr><td>{@link EventStore.Limit#ONE_ENTRY_EACH}</td><td>A list of several events is refused:
 * JetStream 2.9 cannot append them as one step.</td></tr>
 * <tr><td>{@link EventStore.Limit#NO_FIND}</td><td>{@link #find} returns nothing: JetStream finds
 * no message by what a header says.</td></tr>
 * <tr><td>{@link EventStore.Limit#NO_LATEST}</td><td>The newest entry of a key goes with the others
 * of its age; so does a row of a table. {@link #latest} reads the whole topic.</td></tr>
 * <tr><td>{@link EventStore.Limit#ONE_RETENTION}</td><td>{@link #retain} does nothing: {@link
 * #maxAge}, {@link #maxBytes} and {@link #maxPerTopic} are for all topics.</td></tr>
 * <tr><td>A table is read whole</td><td>A process that makes a table reads each change of it that
 * the stream keeps; {@link #maxPerTopic} bounds that.</td></tr>
 * <tr><td>The newest position of a topic is known as long as its entry is kept</td><td>{@link
 * Append#expectedLast} of a topic whose entries are all trimmed is a conflict, except 0.</td></tr>
 * <tr><td>The idempotency key of an append that came after the end of its topic</td><td>It stays
 * used for two minutes.</td></tr>
 * <tr><td>A removed topic</td><td>A process that was away meanwhile is given the removal, and not
 * what the topic had before.</td></tr>
 * </table>
 */
public final class NatsStore implements EventStore {
    private final NatsSettings settings;
    private final AtomicBoolean opened = new AtomicBoolean();
    private volatile @Nullable NatsNode node;

    private NatsStore(NatsSettings settings) {
        this.settings = settings;
    }

    /**
     * A store on one server, or on any of several servers of one cluster.
     *
     * @param servers such as {@code nats://localhost:4222}; {@code tls://…} for TLS with the
     *     certificates that Java trusts. A name and a password may stand before the host
     * @throws IllegalArgumentException when one is not such a URL
     */
    public static NatsStore connect(String... servers) {
        Checks.notNull(servers, "servers", "URLs such as nats://localhost:4222");
        Checks.atLeast(1, "number of servers", servers.length);
        for (String server : servers) {
            Checks.notNull(server, "server", "a URL such as nats://localhost:4222");
            NatsSettings.checkServer(server);
        }
        var settings = new NatsSettings();
        settings.servers = List.of(servers);
        return new NatsStore(settings);
    }

    private NatsStore with(Consumer<NatsSettings> change) {
        NatsSettings copy = settings.copy();
        change.accept(copy);
        return new NatsStore(copy);
    }

    /**
     * What separates applications on one server: 1 to 64 of letters, digits, {@code -} and {@code
     * _}; default {@code microdot}. The stream is called {@code microdot-} and the namespace.
     */
    public NatsStore namespace(String value) {
        Checks.notNull(value, "namespace", "a name such as app");
        if (!value.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new IllegalArgumentException(
                    "namespace: \""
                            + value
                            + "\" (expected: 1 to 64 of letters, digits, \"-\" and \"_\")");
        }
        return with(copy -> copy.namespace = value);
    }

    /** The user to log in as. */
    public NatsStore user(String name, String password) {
        Checks.notNull(name, "name", "the name of a user");
        Checks.notNull(password, "password", "the password of the user");
        return with(
                copy -> {
                    copy.user = name;
                    copy.password = password;
                });
    }

    /** The token to log in with. */
    public NatsStore token(String value) {
        Checks.notNull(value, "token", "the token of the server");
        return with(copy -> copy.token = value);
    }

    /** A file with the JWT and the seed to log in with, as {@code nsc} writes it. */
    public NatsStore credentials(Path file) {
        Checks.notNull(file, "file", "a credentials file");
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(
                    "credentials: " + file + " (expected: a file that can be read)");
        }
        return with(copy -> copy.credentials = file);
    }

    /** Uses TLS, with these certificates. */
    public NatsStore tls(SSLContext context) {
        Checks.notNull(context, "context", "the certificates to trust");
        return with(copy -> copy.tls = context);
    }

    /** On how many servers of a cluster the stream is kept, 1 to 5; default 1. */
    public NatsStore replicas(int number) {
        if (number < 1 || number > 5) {
            throw new IllegalArgumentException("replicas: " + number + " (expected: 1 to 5)");
        }
        return with(copy -> copy.replicas = number);
    }

    /** How long entries are kept, of all topics; at least 2 minutes, default 7 days. */
    public NatsStore maxAge(Duration time) {
        Checks.time(Duration.ofSeconds(Append.REPEAT_SECONDS), "maxAge", time);
        return with(copy -> copy.maxAge = time);
    }

    /**
     * How many bytes are kept, of all topics together, with headers; at least 64 KiB, default 1
     * GiB. The server refuses to make a stream that may become larger than its disk.
     */
    public NatsStore maxBytes(long bytes) {
        Checks.atLeast(1 << 16, "maxBytes", bytes);
        return with(copy -> copy.maxBytes = bytes);
    }

    /** How many entries are kept of each topic; 0, the default, for no limit. */
    public NatsStore maxPerTopic(int entries) {
        Checks.atLeast(0, "maxPerTopic", entries);
        return with(copy -> copy.maxPerTopic = entries);
    }

    /**
     * How long a single question to the server may take; at least 10 ms, default 5 s. How long a
     * publisher waits is {@code Topics.publishTimeout}.
     */
    public NatsStore timeout(Duration time) {
        Checks.time(Duration.ofMillis(10), "timeout", time);
        return with(copy -> copy.timeout = time);
    }

    /**
     * How many appends may be in flight; further ones fail. Default 8,192: one {@code Topics} never
     * has more.
     */
    public NatsStore maxInFlight(int appends) {
        Checks.atLeast(1, "maxInFlight", appends);
        return with(copy -> copy.maxInFlight = appends);
    }

    /**
     * How many bytes the appends in flight may have together; further ones fail. Default 64 MiB. A
     * single append may have more.
     */
    public NatsStore maxInFlightBytes(long bytes) {
        Checks.atLeast(1, "maxInFlightBytes", bytes);
        return with(copy -> copy.maxInFlightBytes = bytes);
    }

    @Override
    public Opened open(Tail tail) {
        Checks.notNull(tail, "tail", "what gets the entries");
        if (!opened.compareAndSet(false, true)) {
            throw new StoreException("store: opened already (expected: one Topics for each)");
        }
        var made = new NatsNode(settings, tail);
        boolean works = false;
        try {
            Opened found = start(made);
            works = true;
            return found;
        } finally {
            if (!works) {
                made.close();
                opened.set(false); // It may work later.
            }
        }
    }

    private Opened start(NatsNode made) {
        made.connectFirst();
        TailState start = made.state();
        List<StoredEntry> ends = new History(made, settings).ends(start);
        made.ends.begin(ends);
        made.start();
        node = made;
        return new Opened(start.positions().epochs(), start.position(), ends);
    }

    private NatsNode node() {
        NatsNode now = node;
        if (now == null) {
            throw new StoreException("store: not open (expected: open, and not yet close)");
        }
        return now;
    }

    private History history() {
        return new History(node(), settings);
    }

    @Override
    public CompletionStage<List<Long>> append(Append append) {
        Checks.notNull(append, "append", "what to append");
        NatsNode now = node;
        if (now == null) {
            return CompletableFuture.failedFuture(
                    new StoreException("store: not open (expected: open, and not yet close)"));
        }
        return now.appends.append(append);
    }

    @Override
    public Page read(String topic, long after, long upTo, int maxBytes) {
        Checks.notNull(topic, "topic", "a name");
        return history().read(topic, after, upTo, maxBytes);
    }

    @Override
    public Page latest(String topic, long after, int maxBytes) {
        Checks.notNull(topic, "topic", "a name");
        return history().latest(topic, after, maxBytes);
    }

    @Override
    public Kept kept(String topic) {
        Checks.notNull(topic, "topic", "a name");
        return history().kept(topic);
    }

    /** Returns nothing: JetStream finds no message by what a header says. */
    @Override
    public OptionalLong find(String topic, String id) {
        Checks.notNull(topic, "topic", "a name");
        Checks.notNull(id, "id", "an id");
        return OptionalLong.empty();
    }

    @Override
    public long head() {
        return history().head();
    }

    /** Does nothing: the limits of the stream are for all topics. */
    @Override
    public void retain(String topic, StoreRetention retention) {
        Checks.notNull(topic, "topic", "a name");
        Checks.notNull(retention, "retention", "what is kept");
    }

    @Override
    public Set<Limit> limits() {
        return Set.of(Limit.ONE_ENTRY_EACH, Limit.NO_FIND, Limit.NO_LATEST, Limit.ONE_RETENTION);
    }

    @Override
    public void close() {
        NatsNode now = node;
        if (now != null) {
            now.close();
        }
    }
}
