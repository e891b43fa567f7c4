package microdot.redis;

import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import microdot.sse.store.StoreEpoch;
import microdot.sse.store.StoreException;
import microdot.sse.store.StoredEntry;

/**
 * Finds out, before anything is appended on a new link, whether the engine still has everything
 * that it acknowledged. An engine whose server has started again asks all nodes that used it: each
 * confirms that what it was given is there. Where one denies it or does not answer, an epoch
 * begins.
 */
final class MasterCheck {
    /** How long the other nodes have: longer than the longest pause of their tries to connect. */
    private static final Duration CONFIRM = Duration.ofSeconds(3);

    private static final Duration PAUSE = Duration.ofMillis(50);

    private final String node;
    private final LongSupplier skew;

    MasterCheck(String node, LongSupplier skew) {
        this.node = node;
        this.skew = skew;
    }

    /**
     * What the engine has.
     *
     * @param head the position of the newest entry
     * @param tip the same, jumps included
     * @param ends empty when they were not asked for
     */
    record Checked(
            String epoch, long head, long tip, List<StoreEpoch> epochs, List<StoredEntry> ends) {}

    /**
     * Checks; may wait for other nodes.
     *
     * @param turn of the node, one more for each link: appends with an older one are refused
     * @param known the highest position that this node was given; 0 for none
     * @param epoch that this node knows; empty when it opens
     * @throws StoreException when the engine cannot be used
     */
    Checked check(RedisLink link, long turn, long known, String epoch) throws InterruptedException {
        ServerInfo server = ServerInfo.of(link.info, link.config);
        if (server.replica()) {
            throw new StoreException(
                    "Redis: the server is a replica (expected: the master; with Sentinel, use"
                            + " redis-sentinel://host:26379/0#name)");
        }
        long start = System.nanoTime();
        while (true) {
            boolean decide = System.nanoTime() - start > CONFIRM.toNanos();
            List<Object> reply =
                    link.run(
                            Script.CHECK,
                            Keys.utf8(node),
                            Keys.utf8(turn),
                            Keys.utf8(server.run()),
                            Keys.utf8(known),
                            Keys.utf8(epoch),
                            Keys.utf8(StoreEpoch.newName()),
                            flag(server.promoted()),
                            flag(server.always()),
                            flag(decide),
                            flag(epoch.isEmpty()),
                            Keys.utf8(skew.getAsLong()),
                            Keys.utf8(server.history()));
            switch ((int) Replies.number(reply.getFirst())) {
                case 0 -> {
                    return new Checked(
                            Replies.text(reply.get(2)),
                            Replies.number(reply.get(3)),
                            Replies.number(reply.get(4)),
                            Replies.epochs(reply.get(5)),
                            Replies.ends(reply.get(6)));
                }
                case 1 -> Thread.sleep(PAUSE);
                default ->
                        throw new StoreException(
                                "Redis: the namespace has format "
                                        + Replies.number(reply.get(1))
                                        + " (expected: 1 or older; update microdot-redis, or use"
                                        + " another namespace)");
            }
        }
    }

    private static byte[] flag(boolean value) {
        return Keys.utf8(value ? 1 : 0);
    }
}
