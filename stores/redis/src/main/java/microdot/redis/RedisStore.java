package microdot.redis;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import microdot.sse.store.Append;
import microdot.sse.store.EventStore;
import microdot.sse.store.Kept;
import microdot.sse.store.Page;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoreRetention;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the events of topics in Redis 6.2 or newer, for any number of processes:
 *
 * <pre>{@code
 * var topics = new Topics(RedisStore.connect("redis://localhost"));
 * }</pre>
 *
 * <p>An append is acknowledged when the master has executed it. Redis then keeps it as safely as it
 * is set to: with {@code appendonly yes} and {@code appendfsync always} a crash loses nothing; with
 * {@code everysec}, which is usual, a crash of the machine loses about a second; a replica that
 * becomes the master may lack what it had not yet received. Where acknowledged events were or may
 * have been lost, a new epoch begins and every client is sent a gap. Settings of Redis that
 * endanger events are named in one warning in the log when the store is opened.
 *
 * <table>
 * <caption>What it cannot do</caption>
 * <tr><th>Not possible</th><th>Instead</th></tr>
 * <tr><td>Redis Cluster</td><td>All keys of one {@code Topics} would be on one shard: use several
 * servers, each with a {@code Topics}</td></tr>
 * <tr><td>A list of more than 8,192 events as one step, or than half of {@link #spineEntries}, or
 * with more bytes than {@link #maxInFlight}</td><td>Redis would serve nobody meanwhile: publish
 * several lists</td></tr>
 * <tr><td>To forget a topic wholly</td><td>An empty topic keeps about 200 bytes, so that its last
 * position stays known</td></tr>
 * <tr><td>Times by another clock than that of Redis</td><td>Keep its clock right</td></tr>
 * </table>
 *
 * <p>The methods that set something return a changed copy; call them before the store is opened.
 */
public final class RedisStore implements EventStore {
    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final Settings settings;
    private final AtomicReference<@Nullable RedisNode> node = new AtomicReference<>();

    private RedisStore(Settings settings) {
        this.settings = settings;
    }

    /**
     * Returns a store that connects when it is opened.
     *
     * @param uri {@code redis://user:password@host:6379/0}, {@code rediss://…} for TLS, or {@code
     *     redis-sentinel://host:26379,host2:26379/0#name} for a master that Sentinel names, with
     *     {@code rediss-sentinel} when both use TLS; user and password, which are those of the
     *     servers and not of the Sentinels ({@link #sentinelLogin}), ports and number of the
     *     database may be left out
     * @throws IllegalArgumentException when it is not such a URI
     */
    public static RedisStore connect(String uri) {
        required(uri, "uri", "redis://host:6379");
        return new RedisStore(
                new Settings(
                        Address.of(uri),
                        "microdot",
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(5),
                        16_384,
                        64 << 20,
                        100_000,
                        Settings.Tls.NONE,
                        () -> 0));
    }

    /**
     * Returns a store that logs in at the Sentinels, which have users of their own. The default is
     * no login there.
     *
     * @param user {@code default} for a Sentinel that has {@code requirepass} only
     * @throws IllegalArgumentException when the URI names no Sentinels
     */
    public RedisStore sentinelLogin(String user, String password) {
        required(user, "user", "a user of the Sentinels, or default");
        required(password, "password", "the password of that user");
        return new RedisStore(settings.with(settings.address().sentinelLogin(user, password)));
    }

    /**
     * Returns a store whose keys begin with this name and a colon: it separates applications that
     * use one database. Default {@code microdot}.
     *
     * @param name 1 to 64 letters, digits, {@code -} and {@code _}
     */
    public RedisStore namespace(String name) {
        required(name, "namespace", "1 to 64 letters, digits, - and _");
        if (!name.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new IllegalArgumentException(
                    "namespace: \"" + name + "\" (expected: 1 to 64 letters, digits, - and _)");
        }
        return new RedisStore(settings.with(name));
    }

    /**
     * Returns a store whose commands fail when they take longer; their connection is given up then.
     * Default 5 s. How long a publisher waits is {@code Topics.publishTimeout}.
     *
     * @param longest 100 ms to 10 min
     */
    public RedisStore timeout(Duration longest) {
        return new RedisStore(settings.withTimeout(time(longest, "timeout")));
    }

    /**
     * Returns a store that gives up a try to connect after this time, and tries again. Default 5 s.
     *
     * @param longest 100 ms to 10 min
     */
    public RedisStore connectTimeout(Duration longest) {
        return new RedisStore(settings.withConnectTimeout(time(longest, "connectTimeout")));
    }

    /**
     * Returns a store with a bound on what may wait or be in flight; a further append fails at
     * once. Default 16,384 appends and 64 MiB. One {@code Topics} never has more than 8,192.
     *
     * @param appends 1 to 1,000,000
     * @param bytes of {@link microdot.sse.store.Entry#bytes}, and 100 for each event; at least 1. A
     *     list may not have more either
     */
    public RedisStore maxInFlight(int appends, long bytes) {
        number(appends, 1, 1_000_000, "maxInFlight");
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    "maxInFlight: " + bytes + " bytes (expected: at least 1)");
        }
        return new RedisStore(settings.withMost(appends, bytes));
    }

    /**
     * Returns a store that keeps about this many of the newest entries of all topics in the stream
     * that every node follows. A node that was away for longer than they last begins a new epoch.
     * Default 100,000. A list of events that is appended as one step has at most half as many, and
     * at most 8,192.
     *
     * @param entries 1,000 to 10,000,000
     */
    public RedisStore spineEntries(int entries) {
        return new RedisStore(
                settings.withSpine(number(entries, 1000, 10_000_000, "spineEntries")));
    }

    /**
     * Returns a store that trusts these certificates instead of those that Java trusts. For {@code
     * rediss://} and {@code rediss-sentinel://}.
     *
     * @param file one or more certificates of authorities, in PEM
     */
    public RedisStore authorities(Path file) {
        return new RedisStore(settings.withAuthorities(readable(file, "authorities")));
    }

    /**
     * Returns a store that shows this certificate, which a Redis with {@code tls-auth-clients yes},
     * its default, wants to see.
     *
     * @param chain the certificate, and those that signed it, in PEM
     * @param key its private key, in PEM (PKCS #8), without a password
     */
    public RedisStore certificate(Path chain, Path key) {
        return new RedisStore(
                settings.withCertificate(readable(chain, "chain"), readable(key, "key")));
    }

    /** A store that takes the clock of the engine to be later, by milliseconds: for tests. */
    RedisStore skew(LongSupplier ahead) {
        return new RedisStore(settings.withSkew(ahead));
    }

    /** A store with fewer entries in the spine than a user may set: for tests. */
    RedisStore shortSpine(int entries) {
        return new RedisStore(settings.withSpine(entries));
    }

    @Override
    public Opened open(Tail tail) {
        required(tail, "tail", "what gets the entries");
        var opened = new RedisNode(settings, tail);
        if (!node.compareAndSet(null, opened)) {
            opened.close();
            throw new StoreException("store: opened already (expected: one Topics for each)");
        }
        boolean works = false;
        try {
            Opened found = opened.open();
            works = true;
            return found;
        } finally {
            if (!works) {
                opened.close();
                node.compareAndSet(opened, null); // It may work later.
            }
        }
    }

    @Override
    public CompletionStage<List<Long>> append(Append append) {
        required(append, "append", "what to append");
        RedisNode opened = node.get();
        StoreException refused =
                opened == null ? notOpen() : AppendErrors.tooLong(append, settings);
        return opened == null || refused != null
                ? CompletableFuture.failedFuture(refused)
                : opened.append(append);
    }

    @Override
    public Page read(String topic, long after, long upTo, int maxBytes) {
        required(topic, "topic", "its name");
        List<Object> reply =
                opened().read(
                                Script.READ,
                                Keys.utf8(topic),
                                Keys.utf8(Math.max(0, after)),
                                Keys.utf8(Math.max(0, upTo)),
                                Keys.utf8(maxBytes),
                                Keys.utf8(settings.skew().getAsLong()));
        return Replies.page(topic, reply);
    }

    @Override
    public Page latest(String topic, long after, int maxBytes) {
        required(topic, "topic", "its name");
        List<Object> reply =
                opened().read(
                                Script.LATEST,
                                Keys.utf8(topic),
                                Keys.utf8(Math.max(0, after)),
                                Keys.utf8(maxBytes),
                                Keys.utf8(settings.skew().getAsLong()));
        return Replies.page(topic, reply);
    }

    @Override
    public Kept kept(String topic) {
        required(topic, "topic", "its name");
        List<Object> reply =
                opened().read(
                                Script.KEPT,
                                Keys.utf8(topic),
                                Keys.utf8(settings.skew().getAsLong()));
        return new Kept(
                Replies.number(reply.get(0)),
                Replies.number(reply.get(1)),
                Replies.number(reply.get(2)));
    }

    @Override
    public OptionalLong find(String topic, String id) {
        required(topic, "topic", "its name");
        required(id, "id", "the id of an event");
        List<Object> reply =
                opened().read(
                                Script.FIND,
                                Keys.utf8(topic),
                                Keys.utf8(id),
                                Keys.utf8(settings.skew().getAsLong()));
        long position = Replies.number(reply.getFirst());
        return position == 0 ? OptionalLong.empty() : OptionalLong.of(position);
    }

    @Override
    public long head() {
        return opened().head();
    }

    @Override
    public void retain(String topic, StoreRetention retention) {
        required(topic, "topic", "its name");
        required(retention, "retention", "what is kept");
        opened().retain(topic, retention);
    }

    @Override
    public Set<Limit> limits() {
        return Set.of();
    }

    @Override
    public void close() {
        RedisNode opened = node.get();
        if (opened != null) {
            opened.close();
        }
    }

    private RedisNode opened() {
        RedisNode opened = node.get();
        if (opened == null) {
            throw notOpen();
        }
        return opened;
    }

    private static StoreException notOpen() {
        return new StoreException("store: not open (expected: open first)");
    }

    private static void required(@Nullable Object value, String name, String expected) {
        if (value == null) {
            throw new IllegalArgumentException(name + ": null (expected: " + expected + ")");
        }
    }

    private static Path readable(Path file, String name) {
        required(file, name, "a file in PEM");
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(
                    name + ": " + file + " (expected: a file in PEM that can be read)");
        }
        return file;
    }

    private static Duration time(Duration value, String name) {
        required(value, name, "100 ms to 10 min");
        if (value.compareTo(SHORTEST) < 0 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    name + ": " + value + " (expected: 100 ms to 10 min)");
        }
        return value;
    }

    private static int number(int value, int least, int most, String name) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    name + ": " + value + " (expected: " + least + " to " + most + ")");
        }
        return value;
    }
}
