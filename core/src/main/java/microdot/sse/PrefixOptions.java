package microdot.sse;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The options of topics by the prefix of their names. Read from any thread. */
final class PrefixOptions {
    private static final TopicOptions DEFAULTS = new TopicOptions();

    /** The longest prefix first. */
    private volatile List<Map.Entry<String, TopicOptions>> prefixes = List.of();

    /** Returns the options of the longest prefix of the name; the default ones if there is none. */
    TopicOptions of(String name) {
        for (Map.Entry<String, TopicOptions> entry : prefixes) {
            if (name.startsWith(entry.getKey())) {
                return entry.getValue();
            }
        }
        return DEFAULTS;
    }

    static boolean isDefault(TopicOptions options) {
        return options.equals(DEFAULTS);
    }

    /**
     * Sets the options of a prefix. Under the lock of the order.
     *
     * @throws IllegalArgumentException when it has other options already
     */
    void set(String prefix, TopicOptions options) {
        var all = new ArrayList<>(prefixes);
        for (Map.Entry<String, TopicOptions> entry : prefixes) {
            if (entry.getKey().equals(prefix)) {
                TopicRules.checkSame("prefix", prefix, entry.getValue(), options);
                all.remove(entry);
            }
        }
        all.add(Map.entry(prefix, options));
        all.sort(Comparator.comparingInt(entry -> -entry.getKey().length()));
        prefixes = List.copyOf(all);
    }
}
