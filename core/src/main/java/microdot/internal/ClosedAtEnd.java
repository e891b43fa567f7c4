package microdot.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * The topics with a store that {@code Microdot.run} closes when the process ends, after its server.
 * Their stores then need not check at the next start what was lost. Thread-safe.
 */
public final class ClosedAtEnd {
    private static final Set<AutoCloseable> OPEN =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private ClosedAtEnd() {}

    /** Adds an object; forgets it when nobody else has it. */
    public static void add(AutoCloseable opened) {
        OPEN.add(opened);
    }

    /** The object was closed by its owner. */
    public static void remove(AutoCloseable closed) {
        OPEN.remove(closed);
    }

    /** Closes all. A failure does not keep the others open. */
    public static void closeAll() {
        List<AutoCloseable> all;
        synchronized (OPEN) {
            all = new ArrayList<>(OPEN);
        }
        for (AutoCloseable each : all) {
            try {
                each.close();
            } catch (Exception e) {
                System.getLogger("microdot")
                        .log(System.Logger.Level.ERROR, "closing failed at the end", e);
            }
        }
    }
}
