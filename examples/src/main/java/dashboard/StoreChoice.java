package dashboard;

import dashboard.processes.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import microdot.sse.store.EventStore;
import org.jspecify.annotations.Nullable;

/**
 * Where the events of the demo live: the value of {@code --store}.
 *
 * @param engine {@code sqlite}, {@code redis} or {@code nats}
 * @param place a file or a URL; null for the demo's own
 */
record StoreChoice(String engine, @Nullable String place) {
    static final String SQLITE = "sqlite";
    private static final String REDIS = "redis";
    private static final String NATS = "nats";

    /** URLs of Redis whose scheme is not the name of the engine. */
    private static final Set<String> MORE_REDIS =
            Set.of("rediss", "redis-sentinel", "rediss-sentinel");

    /**
     * Understands {@code redis}, {@code redis:URL}, and a URL alone.
     *
     * @throws IllegalArgumentException when it is no such text
     */
    static StoreChoice of(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? null : text.substring(colon + 1);
        boolean isUrl = rest != null && rest.startsWith("//");
        String engine = isUrl && MORE_REDIS.contains(name) ? REDIS : name;
        boolean isKnown = Set.of(SQLITE, REDIS, NATS).contains(engine);
        if (!isKnown || (rest != null && rest.isEmpty()) || (isUrl && engine.equals(SQLITE))) {
            throw new IllegalArgumentException(
                    "--store: " + text + " (expected: sqlite[:FILE], redis[:URL] or nats[:URL])");
        }
        return new StoreChoice(engine, isUrl ? text : rest);
    }

    boolean needsEngine() {
        return place == null && !engine.equals(SQLITE);
    }

    /** Starts Debian's engine, with its files in the folder. */
    Engine start(Path folder) {
        return engine.equals(REDIS) ? Engine.redis(folder) : Engine.nats(folder);
    }

    StoreChoice at(String url) {
        return new StoreChoice(engine, url);
    }

    /** Returns the text that {@link #of} understands. */
    String text() {
        return engine + ":" + place();
    }

    /** The default is a file in the folder that a user's programs keep their state in. */
    @Override
    public String place() {
        return place == null ? ownFile().toString() : place;
    }

    private static Path ownFile() {
        String state = System.getenv("XDG_STATE_HOME");
        Path folder =
                state != null && Path.of(state).isAbsolute()
                        ? Path.of(state)
                        : Path.of(System.getProperty("user.home"), ".local", "state");
        return folder.resolve("microdot").resolve("demo.db");
    }

    /**
     * Returns the store, not yet open. By reflection: the demo is built without the modules of the
     * stores, and the launcher adds the one that is named.
     */
    EventStore store() {
        return switch (engine) {
            case SQLITE -> store("microdot.sqlite.SqliteStore", "at", Path.class, file());
            case REDIS -> store("microdot.redis.RedisStore", "connect", String.class, place());
            default ->
                    store(
                            "microdot.nats.NatsStore",
                            "connect",
                            String[].class,
                            new String[] {place()});
        };
    }

    private Path file() {
        Path file = Path.of(place());
        if (place == null) {
            try {
                Files.createDirectories(file.resolveSibling(""));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return file;
    }

    private EventStore store(String type, String method, Class<?> parameter, Object argument) {
        try {
            return (EventStore)
                    Class.forName(type).getMethod(method, parameter).invoke(null, argument);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException refused) {
                throw refused;
            }
            throw new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "--store: "
                            + type
                            + " is not on the class path (expected: a start with ./microdot demo)",
                    e);
        }
    }
}
