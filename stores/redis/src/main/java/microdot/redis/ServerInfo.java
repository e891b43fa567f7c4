package microdot.redis;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import microdot.sse.store.StoreException;

/**
 * What a server says about itself.
 *
 * @param run changes with each start of the process
 * @param history the id of what it replicates; changes with each promotion
 * @param replica whether it is one now
 * @param promoted whether it was one, or may have been
 * @param always whether each write is on disk before it is acknowledged
 */
record ServerInfo(String run, String history, boolean replica, boolean promoted, boolean always) {
    private static final Logger LOG = System.getLogger("microdot.redis");

    /** Reads the text of INFO. */
    static Map<String, String> fields(String info) {
        var fields = new HashMap<String, String>();
        for (String line : info.split("\r?\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.charAt(0) != '#') {
                fields.put(line.substring(0, colon), line.substring(colon + 1));
            }
        }
        return fields;
    }

    /**
     * @param config of CONFIG GET; empty when the user may not read it
     */
    static ServerInfo of(Map<String, String> info, Map<String, String> config) {
        boolean secondId = !info.getOrDefault("second_repl_offset", "-1").equals("-1");
        return new ServerInfo(
                info.getOrDefault("run_id", ""),
                info.getOrDefault("master_replid", ""),
                !info.getOrDefault("role", "master").equals("master"),
                secondId,
                "yes".equals(config.get("appendonly"))
                        && "always".equals(config.get("appendfsync")));
    }

    /**
     * Refuses servers that cannot be used.
     *
     * @throws StoreException when it is one
     */
    static void check(Map<String, String> info) {
        if (info.getOrDefault("cluster_enabled", "0").equals("1")) {
            throw new StoreException(
                    "Redis: the server runs in cluster mode (expected: a single server or one with"
                            + " Sentinel; all keys of one Topics would be on one shard, so use"
                            + " several servers with one Topics each)");
        }
        String version = info.getOrDefault("redis_version", "0");
        String[] parts = version.split("\\.", -1);
        int major = Integer.parseInt(parts[0]);
        int minor = parts.length > 1 ? Integer.parseInt(parts[1]) : 0;
        if (major < 6 || (major == 6 && minor < 2)) {
            throw new StoreException("Redis: version " + version + " (expected: 6.2 or newer)");
        }
    }

    /** Names in one warning what endangers events. */
    static void warn(Map<String, String> info, Map<String, String> config) {
        List<String> risks = risks(info, config);
        if (!risks.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "Redis can lose events that it has acknowledged: " + String.join("; ", risks));
        }
    }

    /** Returns what in the settings of the server endangers acknowledged events; empty for none. */
    static List<String> risks(Map<String, String> info, Map<String, String> config) {
        var risks = new ArrayList<String>();
        String policy =
                info.getOrDefault(
                        "maxmemory_policy", config.getOrDefault("maxmemory-policy", "noeviction"));
        if (!policy.equals("noeviction")) {
            risks.add(
                    "maxmemory-policy is "
                            + policy
                            + ": a full Redis removes events without telling anybody (set"
                            + " noeviction)");
        }
        boolean appendOnly = info.getOrDefault("aof_enabled", "0").equals("1");
        if (!appendOnly && config.containsKey("save") && config.get("save").isBlank()) {
            risks.add(
                    "there is no persistence (appendonly no, save \"\"): all events are lost when"
                            + " Redis ends (set appendonly yes)");
        } else if (!appendOnly) {
            risks.add(
                    "appendonly is no: a crash of Redis loses everything since its last snapshot"
                            + " (set appendonly yes)");
        } else if (!config.getOrDefault("appendfsync", "everysec").equals("always")) {
            risks.add(
                    "appendfsync is "
                            + config.getOrDefault("appendfsync", "not readable, often everysec")
                            + ": a crash of the machine loses the last second or more of"
                            + " acknowledged events (set always if that matters)");
        }
        return risks;
    }
}
