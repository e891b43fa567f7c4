package microdot.sse.store;

/**
 * A time in which the engine lost nothing. Ids of clients begin with the name of their epoch.
 *
 * @param name ten letters and digits, unguessable
 * @param previousEnd the position up to which the engine has everything of the epochs before; what
 *     they had after it is lost. An id of theirs is valid up to here
 * @param first the first position of this epoch; more than the previous end
 */
public record StoreEpoch(String name, long previousEnd, long first) {
    /**
     * @throws IllegalArgumentException when the name is not ten letters and digits, or the
     *     positions are not in order
     */
    public StoreEpoch {
        if (!name.matches("[A-Za-z0-9]{10}")) {
            throw new IllegalArgumentException(
                    "epoch: \"" + name + "\" (expected: ten letters and digits)");
        }
        if (previousEnd < 0 || first <= previousEnd) {
            throw new IllegalArgumentException(
                    "epoch: first position "
                            + first
                            + " after "
                            + previousEnd
                            + " (expected: rising positions)");
        }
    }
}
