package microdot.redis;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one run of one server: for appends, for the tail, which blocks, and for reads,
 * whose pages would delay appends. If one of them ends, all end.
 */
final class RedisLink implements AutoCloseable {
    final StatefulRedisConnection<byte[], byte[]> appends;
    final StatefulRedisConnection<byte[], byte[]> tail;
    final StatefulRedisConnection<byte[], byte[]> reads;
    final Map<String, String> info;
    final Map<String, String> config;

    private final AtomicBoolean closed = new AtomicBoolean();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Keys keys;
    private final Duration timeout;
    private final Duration patience;

    private RedisLink(
            List<StatefulRedisConnection<byte[], byte[]>> connections,
            Keys keys,
            Settings settings) {
        appends = connections.get(0);
        tail = connections.get(1);
        reads = connections.get(2);
        this.keys = keys;
        timeout = settings.timeout();
        patience = settings.connectTimeout();
        info = info(appends);
        config = config();
    }

    /** Connects, refuses servers that cannot be used, and gives the server the scripts. */
    static RedisLink connect(RedisClient client, Settings settings, Keys keys) {
        RedisURI uri = settings.address().lettuce(settings.connectTimeout());
        var connections = new ArrayList<StatefulRedisConnection<byte[], byte[]>>();
        try {
            for (int i = 0; i < 3; i++) {
                connections.add(client.connect(ByteArrayCodec.INSTANCE, uri));
            }
            var link = new RedisLink(connections, keys, settings);
            link.prepare();
            link.onEnd(link::close);
            return link;
        } catch (RuntimeException e) {
            CompletableFuture.allOf(
                            connections.stream()
                                    .map(StatefulRedisConnection::closeAsync)
                                    .toArray(CompletableFuture[]::new))
                    .completeOnTimeout(null, 1, TimeUnit.SECONDS)
                    .exceptionally(error -> null)
                    .join();
            throw e;
        }
    }

    private void prepare() {
        ServerInfo.check(info);
        String run = info.getOrDefault("run_id", "");
        for (var other : List.of(tail, reads)) {
            if (!run.equals(info(other).get("run_id"))) {
                throw new StoreException(
                        "Redis: two connections reached two servers (expected: one master; it is"
                                + " tried again)");
            }
        }
        for (Script script : Script.values()) {
            await(
                    send(appends, CommandType.SCRIPT, args().add("LOAD").add(script.source())),
                    patience);
        }
    }

    private Map<String, String> info(StatefulRedisConnection<byte[], byte[]> connection) {
        List<Object> reply = await(send(connection, CommandType.INFO, args()), patience);
        return ServerInfo.fields(Replies.text(reply.getFirst()));
    }

    // The user may be forbidden to read the settings: then they are not known.
    private Map<String, String> config() {
        var found = new HashMap<String, String>();
        for (String name : List.of("appendonly", "appendfsync", "save", "maxmemory-policy")) {
            try {
                List<Object> reply =
                        await(
                                send(appends, CommandType.CONFIG, args().add("GET").add(name)),
                                patience);
                if (reply.size() == 2) {
                    found.put(name, Replies.text(reply.get(1)));
                }
            } catch (StoreException e) {
                if (!appends.isOpen()) {
                    throw e;
                }
            }
        }
        return found;
    }

    static CommandArgs<byte[], byte[]> args() {
        return new CommandArgs<>(ByteArrayCodec.INSTANCE);
    }

    /** A script with its arguments; the first of them, the prefix, is added. */
    AsyncCommand<byte[], byte[], List<Object>> script(Script script, byte[]... values) {
        CommandArgs<byte[], byte[]> args =
                args().add(script.digest()).add(2).addKey(keys.meta).addKey(keys.spine);
        args.add(keys.prefix);
        for (byte[] value : values) {
            args.add(value);
        }
        return command(CommandType.EVALSHA, args);
    }

    static AsyncCommand<byte[], byte[], List<Object>> command(
            CommandType type, CommandArgs<byte[], byte[]> args) {
        return new AsyncCommand<>(
                new Command<>(type, new NestedMultiOutput<>(ByteArrayCodec.INSTANCE), args));
    }

    static CompletableFuture<List<Object>> send(
            StatefulRedisConnection<byte[], byte[]> connection,
            CommandType type,
            CommandArgs<byte[], byte[]> args) {
        AsyncCommand<byte[], byte[], List<Object>> command = command(type, args);
        connection.dispatch(command);
        return command;
    }

    /** Runs a script on the connection of appends, after what was sent there. */
    List<Object> run(Script script, byte[]... values) {
        return await(start(appends, script, values));
    }

    CompletableFuture<List<Object>> start(
            StatefulRedisConnection<byte[], byte[]> connection, Script script, byte[]... values) {
        AsyncCommand<byte[], byte[], List<Object>> command = script(script, values);
        connection.dispatch(command);
        return command;
    }

    List<Object> await(CompletableFuture<List<Object>> reply) {
        return await(reply, timeout);
    }

    /**
     * Waits for a reply.
     *
     * @throws StoreException when there is none in time, or it is an error
     */
    static List<Object> await(CompletableFuture<List<Object>> reply, Duration longest) {
        try {
            return reply.get(longest.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("Redis: interrupted while waiting for a reply", false, e);
        } catch (TimeoutException e) {
            throw new StoreException(
                    "Redis: no reply within "
                            + longest.toMillis()
                            + " ms (expected: sooner; look at the load of the server, or raise"
                            + " RedisStore.timeout)",
                    false,
                    e);
        } catch (ExecutionException | CancellationException e) {
            throw failure(e);
        }
    }

    static StoreException failure(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return new StoreException(
                "Redis: " + (message == null ? root.getClass().getSimpleName() : message),
                false,
                error);
    }

    boolean isOpen() {
        return appends.isOpen() && tail.isOpen() && reads.isOpen();
    }

    /** Ends the connections; does not wait. Called again, does nothing. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            CompletableFuture.allOf(appends.closeAsync(), tail.closeAsync(), reads.closeAsync())
                    .whenComplete((nothing, error) -> ended.complete(null));
        }
    }

    /** Completes when the connections are closed. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    /** Runs the action when one of the connections ends. */
    private void onEnd(Runnable action) {
        var listener =
                new RedisConnectionStateListener() {
                    @Override
                    public void onRedisDisconnected(
                            @Nullable RedisChannelHandler<?, ?> connection) {
                        action.run();
                    }
                };
        appends.addListener(listener);
        tail.addListener(listener);
        reads.addListener(listener);
    }
}
