package microdot.sse;

import java.util.function.Function;
import microdot.BodySink;
import microdot.Request;
import org.jspecify.annotations.Nullable;

/**
 * The open streams of a table that they fill themselves: one row for each name, with how many
 * streams have it.
 */
final class Presence implements Visits {
    private final TopicState table;
    private final Function<Request, @Nullable String> names;
    private final PresenceRows rows;

    Presence(TopicState table, Function<Request, @Nullable String> names, PresenceRows rows) {
        this.table = table;
        this.names = names;
        this.rows = rows;
    }

    /** Returns whether the visits are counted by this function, compared as objects. */
    static boolean isBy(@Nullable Visits known, Function<Request, @Nullable String> function) {
        return known instanceof Presence presence && presence.names.equals(function);
    }

    PresenceRows rows() {
        return rows;
    }

    @Override
    public @Nullable Visit of(Request request) {
        String name = names.apply(request);
        return name == null ? null : new NamedVisit(TopicRules.checkedKey(name));
    }

    private final class NamedVisit implements Visit {
        private final String name;

        NamedVisit(String name) {
            this.name = name;
        }

        @Override
        public boolean fits() {
            return rows.fits(name);
        }

        @Override
        public boolean begin(BodySink sink) {
            boolean counted = rows.enter(name);
            if (counted) {
                sink.afterClose(() -> rows.leave(name, isCurrent()));
            }
            return counted || !isOpen();
        }
    }

    private boolean isOpen() {
        return table.log.closedAt() == 0 && isCurrent();
    }

    /** Returns false when the table was removed, and perhaps made again. */
    private boolean isCurrent() {
        return equals(table.visits());
    }
}
