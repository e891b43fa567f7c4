package microdot.sse;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** The topics of this process as its store needs them. */
interface NodeTopics {
    /** Returns null when this process does not know the topic. */
    @Nullable TopicState existing(String name);

    /** Returns the options of the topic, whether or not it is known. */
    TopicOptions options(String name);

    /**
     * Nothing was kept of an entry, because its topic is not known, or not as a table. Under the
     * order's lock.
     */
    void skipped(String name, long position);

    /**
     * The rows of a topic, which is a table, were lost with its other entries: they are read again.
     * Under the order's lock.
     */
    void readRows(TopicState table);

    /** The store may have lost what it keeps of each topic: it is set again. */
    void retainAgain();

    /** Returns all that this process knows. */
    Collection<TopicState> all();
}
