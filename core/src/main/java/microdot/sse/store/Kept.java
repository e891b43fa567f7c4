package microdot.sse.store;

/**
 * What the engine has of a topic.
 *
 * @param floor the position up to which entries may be missing because they are no longer kept; 0
 *     when nothing is
 * @param last the position of the newest entry that there ever was; 0 for none
 * @param closedAt the position of the end of the topic; 0 while it is open
 */
public record Kept(long floor, long last, long closedAt) {}
