package microdot;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The routes of an application, in the order they were added: the first that fits answers. */
final class Router {
    sealed interface Entry {}

    record Route(Set<String> methods, PathPattern path, Handler handler) implements Entry {}

    private record Mount(PathPattern prefix, Microdot app) implements Entry {}

    /**
     * The route, the parts of the path that it names, and the mounted applications on the way to
     * it.
     */
    record Match(Route route, Map<String, String> params, List<Microdot> apps) {}

    /** What a path leads to: a match, or the methods that it would take. */
    record Found(@Nullable Match match, Set<String> allowed) {}

    /** What is looked for, and the methods that were seen for the path on the way. */
    private record Search(String method, List<String> path, Set<String> allowed) {}

    /**
     * How far the search has come: the next segment, what was named before it, the applications
     * entered.
     */
    private record At(int segment, Map<String, String> params, List<Microdot> apps) {}

    private static final At START = new At(0, Map.of(), List.of());

    // Routes may be added while requests run; a request sees those that stood when it began.
    private final List<Entry> entries = new CopyOnWriteArrayList<>();

    void add(Set<String> methods, String path, Handler handler) {
        entries.add(new Route(methods, new PathPattern(path), handler));
    }

    void mount(String prefix, Microdot app) {
        entries.add(new Mount(PathPattern.prefix(prefix), app));
    }

    /** Whether the application is mounted here, or in one that is. */
    boolean leadsTo(Microdot app) {
        return entries.stream()
                .anyMatch(
                        entry ->
                                entry instanceof Mount mount
                                        && (mount.app() == app
                                                || mount.app().router().leadsTo(app)));
    }

    Found find(String method, List<String> path) {
        var search = new Search(method, path, new TreeSet<>());
        Match match = find(search, START);
        if (match == null && method.equals("HEAD")) {
            // HEAD is GET without the body (RFC 9110, section 9.3.2).
            match = find(new Search("GET", path, search.allowed()), START);
        }
        if (search.allowed().contains("GET")) {
            search.allowed().add("HEAD");
        }
        if (!search.allowed().isEmpty()) {
            search.allowed().add("OPTIONS");
        }
        return new Found(match, search.allowed());
    }

    private @Nullable Match find(Search search, At at) {
        for (Entry entry : entries) {
            Match match =
                    switch (entry) {
                        case Route route -> match(route, search, at);
                        case Mount mount -> match(mount, search, at);
                    };
            if (match != null) {
                return match;
            }
        }
        return null;
    }

    private static @Nullable Match match(Route route, Search search, At at) {
        if (!route.path().matches(search.path(), at.segment())) {
            return null;
        }
        if (!route.methods().contains(search.method())) {
            search.allowed().addAll(route.methods());
            return null;
        }
        var params = route.path().params(search.path(), at.segment(), at.params());
        return new Match(route, params, at.apps());
    }

    private static @Nullable Match match(Mount mount, Search search, At at) {
        int end = mount.prefix().match(search.path(), at.segment());
        if (end < 0) {
            return null;
        }
        var params = mount.prefix().params(search.path(), at.segment(), at.params());
        var apps = new ArrayList<>(at.apps());
        apps.add(mount.app());
        return mount.app().router().find(search, new At(end, params, apps));
    }
}
