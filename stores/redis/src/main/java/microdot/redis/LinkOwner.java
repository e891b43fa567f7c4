package microdot.redis;

/** What the appends ask of the node that has the link. */
interface LinkOwner {
    /**
     * The engine does not know this node any more, or does not reply: a new link must be checked.
     */
    void recheck(RedisLink link);

    /** A topic has much to trim. */
    void full(RedisLink link, String topic);
}
