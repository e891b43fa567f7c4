package microdot;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/** The routes of an application, in the order they were added: the first match answers. */
final class Router {
    private sealed interface Entry {}

    /**
     * A route.
     *
     * @param maxBody its own limit for the body of a request; 0 if it has none
     * @param name for log entries, such as {@code GET /users/{id}}
     */
    private record Route(
            Set<String> methods, PathPattern path, Handler handler, long maxBody, String name)
            implements Entry {
        Route(Set<String> methods, PathPattern path, Handler handler, long maxBody) {
            this(methods, path, handler, maxBody, name(methods, "", path));
        }

        String name(String prefix) {
            return prefix.isEmpty() ? name : name(methods, prefix, path);
        }

        private static String name(Set<String> methods, String prefix, PathPattern path) {
            return String.join(",", new TreeSet<>(methods)) + " " + prefix + path;
        }
    }

    private record Mount(PathPattern prefix, Router router) implements Entry {}

    /**
     * The handler of a route, and the parts of the path that the route names.
     *
     * @param prefix of the mounts that lead to the route; empty without one
     */
    record Match(Route route, String prefix, Map<String, String> params, List<Hooks> hooks) {
        Handler handler() {
            return route.handler();
        }

        /** Returns the route's own limit for the body; 0 if it has none. */
        long maxBody() {
            return route.maxBody();
        }

        /** Returns the name of the route for log entries, such as {@code GET /users/{id}}. */
        String routeName() {
            return route.name(prefix);
        }

        /** As {@link #routeName}: a request keeps this, and its name is made when one is needed. */
        @Override
        public String toString() {
            return routeName();
        }
    }

    /**
     * The result of a search.
     *
     * @param match null when no route matches
     * @param allowed without a match, the methods that the path accepts
     * @param params the parts of the path that the route and its prefixes name
     * @param hooks of the applications that the request passes, the outermost first
     */
    record Found(
            @Nullable Match match,
            Set<String> allowed,
            Map<String, String> params,
            List<Hooks> hooks) {
        /** Returns the CORS rules of the innermost application that has some. */
        @Nullable Cors cors() {
            return innermost(Hooks::cors);
        }

        /** Returns the type of text of the innermost application that sets one. */
        @Nullable String textType() {
            return innermost(Hooks::textType);
        }

        private <T> @Nullable T innermost(Function<Hooks, @Nullable T> setting) {
            for (int i = hooks.size() - 1; i >= 0; i--) {
                T value = setting.apply(hooks.get(i));
                if (value != null) {
                    return value;
                }
            }
            return null;
        }
    }

    /** What is searched for, and what is collected on the way. */
    private static final class Search {
        final String method;
        final List<String> path;
        final Set<String> allowed = new TreeSet<>(); // The methods that the path accepts.
        At nearest; // The application whose hooks see the request if no route matches.

        Search(String method, List<String> path, At start) {
            this.method = method;
            this.path = path;
            this.nearest = start;
        }

        /** The application has the path, for these other methods; the first one counts. */
        void allow(Set<String> methods, At at) {
            if (allowed.isEmpty()) {
                nearest = at;
            }
            allowed.addAll(methods);
        }

        /** The path is below the prefix of an application; the innermost and first one counts. */
        void enter(At at) {
            if (allowed.isEmpty() && at.hooks().size() > nearest.hooks().size()) {
                nearest = at;
            }
        }
    }

    /**
     * The progress of a search: the next segment, the parts named before it, and the hooks and the
     * prefixes of the applications entered.
     */
    private record At(int segment, Map<String, String> params, List<Hooks> hooks, String prefix) {}

    private final Hooks hooks;
    private final At start;
    private final PathTypes types = new PathTypes();

    // Routes may be added while requests run; a request sees the routes of the moment it is routed.
    private final List<Entry> entries = new CopyOnWriteArrayList<>();

    Router(Hooks hooks) {
        this.hooks = hooks;
        this.start = new At(0, Map.of(), List.of(hooks), "");
    }

    /** Returns the types that paths may name. */
    PathTypes types() {
        return types;
    }

    void add(Set<String> methods, String path, Handler handler) {
        var pattern = new PathPattern(path, types);
        for (Entry entry : entries) {
            if (entry instanceof Route route && route.path().matchesAsMuchAs(pattern)) {
                checkNew(route, methods, path);
            }
        }
        // The limit counts for hooks too, and must not hide what kind of handler it is for.
        entries.add(
                handler instanceof BodyLimit limit
                        ? new Route(methods, pattern, limit.handler(), limit.bytes())
                        : new Route(methods, pattern, handler, 0));
    }

    private static void checkNew(Route route, Set<String> methods, String path) {
        for (String method : methods) {
            if (route.methods().contains(method)) {
                throw new IllegalArgumentException(
                        "route: "
                                + method
                                + " "
                                + path
                                + ": "
                                + route.name()
                                + " exists and answers the same requests (expected: one handler)");
            }
        }
    }

    void mount(String prefix, Router router) {
        var mount = new Mount(PathPattern.prefix(prefix, types), router);
        for (Entry entry : entries) {
            if (entry instanceof Mount(PathPattern path, Router mounted)
                    && mounted == router
                    && path.matchesAsMuchAs(mount.prefix())) {
                throw new IllegalArgumentException(
                        "mount: "
                                + Quoted.of(prefix)
                                + ": the application is mounted there already (expected: once)");
            }
        }
        entries.add(mount);
    }

    /** Returns whether the other router is mounted here, directly or through others. */
    boolean leadsTo(Router other) {
        return entries.stream()
                .anyMatch(
                        entry ->
                                entry instanceof Mount mount
                                        && (mount.router() == other
                                                || mount.router().leadsTo(other)));
    }

    Found find(String method, List<String> path) {
        var search = new Search(method, path, start);
        Match match = find(search, start);
        if (match == null && method.equals("HEAD")) {
            // HEAD is GET without the body (RFC 9110, section 9.3.2).
            match = find(new Search("GET", path, start), start);
        }
        if (match != null) {
            return new Found(match, Set.of(), match.params(), match.hooks());
        }
        Set<String> allowed = search.allowed;
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        if (!allowed.isEmpty()) {
            allowed.add("OPTIONS");
        }
        return new Found(null, allowed, search.nearest.params(), search.nearest.hooks());
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
        if (!route.path().matches(search.path, at.segment())) {
            return null;
        }
        if (!route.methods().contains(search.method)) {
            search.allow(route.methods(), at);
            return null;
        }
        var params = route.path().params(search.path, at.segment(), at.params());
        return new Match(route, at.prefix(), params, at.hooks());
    }

    private static @Nullable Match match(Mount mount, Search search, At at) {
        int end = mount.prefix().match(search.path, at.segment());
        if (end < 0) {
            return null;
        }
        var params = mount.prefix().params(search.path, at.segment(), at.params());
        var hooks = new ArrayList<>(at.hooks());
        hooks.add(mount.router().hooks);
        var entered = new At(end, params, hooks, joined(at.prefix(), mount.prefix()));
        search.enter(entered);
        return mount.router().find(search, entered);
    }

    private static String joined(String outer, PathPattern prefix) {
        String text = prefix.toString();
        return outer + (text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
    }
}
