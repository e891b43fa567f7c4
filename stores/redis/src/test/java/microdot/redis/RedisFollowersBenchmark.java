package microdot.redis;

import microdot.stores.FollowersBenchmark;

/**
 * Measures followers of a store on Redis beside followers in memory.
 *
 * <pre>{@code java microdot.redis.RedisFollowersBenchmark [CLIENTS [SECONDS [MEGABYTES [ROUNDS]]]]}
 * </pre>
 */
final class RedisFollowersBenchmark {
    private RedisFollowersBenchmark() {}

    public static void main(String[] args) throws Exception {
        try (var server =
                RedisServer.with(
                        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "")) {
            FollowersBenchmark.run("Redis", () -> RedisStore.connect(server.uri()), args);
        }
    }
}
