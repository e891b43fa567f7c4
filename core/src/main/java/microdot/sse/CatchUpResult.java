package microdot.sse;

import java.util.List;

/**
 * What a cursor goes on with.
 *
 * @param ahead told first of all
 * @param frames events for it alone, in the order of their positions
 * @param entry the entry that it reads after them
 * @param at the position up to which all is delivered or told with them
 */
record CatchUpResult(List<Ahead> ahead, List<Frame> frames, long entry, long at) {}
