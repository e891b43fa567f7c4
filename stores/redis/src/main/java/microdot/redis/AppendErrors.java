package microdot.redis;

import io.lettuce.core.RedisCommandExecutionException;
import java.time.Duration;
import java.util.Set;
import microdot.sse.store.Append;
import microdot.sse.store.StoreException;
import org.jspecify.annotations.Nullable;

/** What failed appends say. */
final class AppendErrors {
    static final String CLOSED = "store: closed (expected: append before close)";

    /** Errors after which another link may do: the scripts or the master are elsewhere. */
    private static final Set<String> ELSEWHERE =
            Set.of("NOSCRIPT", "READONLY", "LOADING", "MASTERDOWN");

    /** Errors that come before the first write. */
    private static final Set<String> BEFORE =
            Set.of("OOM", "MISCONF", "NOPERM", "NOAUTH", "NOREPLICAS", "BUSY");

    private AppendErrors() {}

    static boolean isElsewhere(RedisCommandExecutionException refusal) {
        return ELSEWHERE.contains(code(refusal));
    }

    static boolean isBeforeTheFirstWrite(RedisCommandExecutionException refusal) {
        return BEFORE.contains(code(refusal));
    }

    /**
     * @param inPart whether a part of the list was appended
     */
    static StoreException foreignKey(String namespace, boolean inPart) {
        return new StoreException(
                "Redis: a key of the topic holds something else (expected: that nobody else writes"
                        + " keys that begin with "
                        + namespace
                        + ":; "
                        + (inPart ? "a part of the list was published)" : "nothing was published)"),
                inPart,
                null);
    }

    private static String code(RedisCommandExecutionException refusal) {
        return String.valueOf(refusal.getMessage()).split(" ", 2)[0];
    }

    static StoreException refused(RedisCommandExecutionException refusal) {
        return new StoreException(
                "Redis refused an append: " + refusal.getMessage() + " (look at the server)",
                !isBeforeTheFirstWrite(refusal),
                refusal);
    }

    /** Returns what a list that is too long is refused with; null when it is not. */
    static @Nullable StoreException tooLong(Append append, Settings settings) {
        int entries = append.entries().size();
        long bytes = PendingAppend.bytes(append);
        if (entries <= settings.listEntries() && bytes <= settings.bytes()) {
            return null;
        }
        return new StoreException(
                "list: "
                        + entries
                        + " events with "
                        + bytes
                        + " bytes (expected: at most "
                        + settings.listEntries()
                        + " events and "
                        + settings.bytes()
                        + " bytes in one step, 100 bytes counted for each event; nothing was"
                        + " published: publish several lists, or raise"
                        + (bytes > settings.bytes()
                                ? " RedisStore.maxInFlight)"
                                : " RedisStore.spineEntries if it is below 16384)"));
    }

    static StoreException tooMany(Settings settings) {
        return new StoreException(
                "store: more than "
                        + settings.appends()
                        + " appends or "
                        + settings.bytes()
                        + " bytes would wait or be in flight (publish more slowly, or raise"
                        + " RedisStore.maxInFlight)");
    }

    static StoreException closed(boolean unknown) {
        return unknown
                ? new StoreException(CLOSED + "; it may have been appended", true, null)
                : new StoreException(CLOSED);
    }

    /**
     * @param reason why, after a colon; may be empty
     */
    static StoreException late(Duration timeout, String reason, boolean unknown) {
        String within = " within " + timeout.toMillis() + " ms" + reason;
        return new StoreException(
                unknown
                        ? "Redis: no reply to an append"
                                + within
                                + " (it may appear later; publish again with an idempotency key)"
                        : "Redis: an append could not be sent"
                                + within
                                + " (nothing was appended; publish again later, or set a longer"
                                + " publishTimeout)",
                unknown,
                null);
    }
}
