package microdot.redis;

/** What the appends ask of the node that has the link. */
interface LinkOwner {
    /** The engine does not know this node any more: the link must be checked again. */
    void recheck(RedisLink link);

    /** A topic has much to trim. */
    void full(RedisLink link, String topic);

    /** The link gives no reply. */
    void stuck(RedisLink link);
}
