package examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import microdot.ServerOptions;
import microdot.sse.RunOptions;
import microdot.sse.TableOptions;
import microdot.sse.TopicOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The reference names every option with its default, and every link of the docs leads somewhere.
 */
class ReferenceTest {
    private static final Path REFERENCE = Pages.ROOT.resolve("docs/guide/reference.md");
    private static final Set<String> IN_BYTES =
            Set.of("maxHead", "maxBody", "maxBytes", "streamBuffer", "keepBytes");
    // Their defaults are null, and their getters are not public.
    private static final Set<String> WITHOUT_GETTER =
            Set.of("latestBy", "snapshot", "errorText", "lastEvents");

    @Test
    void everyOptionIsListedWithItsDefault() throws Exception {
        String text = Files.readString(REFERENCE);
        List<String> missing = new ArrayList<>();
        for (Object options :
                List.of(
                        new ServerOptions(),
                        new TopicOptions(),
                        new TableOptions(),
                        new RunOptions())) {
            for (Method method : options.getClass().getDeclaredMethods()) {
                boolean setter = method.getReturnType() == options.getClass();
                if (!Modifier.isPublic(method.getModifiers()) || !setter) {
                    continue;
                }
                String name = method.getName();
                String row = "| `" + name + "` | " + defaultOf(options, name) + " |";
                if (!text.contains(row)) {
                    missing.add(row);
                }
            }
        }
        assertTrue(missing.isEmpty(), "missing in " + REFERENCE + ": " + missing);
    }

    /** The folders of the libraries. */
    private static List<String> modules() throws IOException {
        List<String> modules = new ArrayList<>(List.of("core", "server", "testing"));
        try (Stream<Path> stores = Files.list(Pages.ROOT.resolve("stores"))) {
            stores.filter(store -> Files.exists(store.resolve("pom.xml")))
                    .sorted()
                    .forEach(store -> modules.add("stores/" + store.getFileName()));
        }
        return modules;
    }

    private static String defaultOf(Object options, String name) throws Exception {
        if (WITHOUT_GETTER.contains(name)) {
            return "none";
        }
        return shown(name, options.getClass().getMethod(name).invoke(options));
    }

    private static String shown(String name, @Nullable Object value) {
        return switch (value) {
            case null -> "none";
            case List<?> list when list.isEmpty() -> "none";
            case Number number when IN_BYTES.contains(name) -> bytes(number.longValue());
            case Integer port when name.equals("port") -> port.toString();
            case Integer count -> String.format(Locale.ROOT, "%,d", count);
            case Duration time when time.toSeconds() > 60 -> time.toMinutes() + " min";
            case Duration time -> time.toSeconds() + " s";
            default -> value.toString();
        };
    }

    private static String bytes(long count) {
        return count % (1 << 20) == 0 ? (count >> 20) + " MiB" : (count >> 10) + " KiB";
    }

    @Test
    void everyLogLineIsListed() throws Exception {
        Pattern statement = Pattern.compile("LOG\\.log\\((.*?)\\);\\s*\\n", Pattern.DOTALL);
        Pattern literal = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
        String text = Files.readString(REFERENCE);
        List<String> missing = new ArrayList<>();
        for (String module : modules()) {
            for (Path file : Pages.files(Pages.ROOT.resolve(module + "/src/main"), ".java")) {
                Matcher log = statement.matcher(Files.readString(file));
                while (log.find()) {
                    literal.matcher(log.group(1))
                            .results()
                            .map(result -> result.group(1).replace("\\\"", "\"").strip())
                            .filter(part -> !text.contains(part))
                            .forEach(part -> missing.add(file.getFileName() + ": " + part));
                }
            }
        }
        assertTrue(missing.isEmpty(), "missing in " + REFERENCE + ": " + missing);
    }

    @Test
    void everyClassNamedInTheArchitectureExists() throws Exception {
        Pattern name = Pattern.compile("\\b(?:[A-Z][a-z]+){2,}\\b");
        Set<String> classes = new TreeSet<>();
        for (String module : modules()) {
            Pages.files(Pages.ROOT.resolve(module + "/src"), ".java")
                    .forEach(file -> classes.add(file.getFileName().toString()));
        }
        Pages.files(Pages.ROOT.resolve("examples/src"), ".java")
                .forEach(file -> classes.add(file.getFileName().toString()));
        Set<String> named = new TreeSet<>();
        Matcher matcher = name.matcher(Files.readString(Pages.ROOT.resolve("ARCHITECTURE.md")));
        while (matcher.find()) {
            named.add(matcher.group() + ".java");
        }
        named.removeAll(classes);
        assertEquals(Set.of(), named);
    }

    @Test
    void everyLinkLeadsToAFileAndAHeading() throws Exception {
        Pattern link = Pattern.compile("]\\(([^)#:\\s]*)(?:#([^)\\s]*))?\\)");
        List<String> broken = new ArrayList<>();
        List<Path> pages = new ArrayList<>(Pages.in("docs"));
        for (String name : List.of("README", "ARCHITECTURE", "CHANGELOG", "CONTRIBUTING")) {
            pages.add(Pages.ROOT.resolve(name + ".md"));
        }
        for (Path page : pages) {
            Matcher matcher = link.matcher(Files.readString(page));
            while (matcher.find()) {
                String to = matcher.group(1);
                Path target = to.isEmpty() ? page : page.resolveSibling(to).normalize();
                String anchor = matcher.group(2);
                if (!Files.exists(target)
                        || (anchor != null && !anchors(target).contains(anchor))) {
                    broken.add(page.getFileName() + ": " + matcher.group());
                }
            }
        }
        assertTrue(broken.isEmpty(), broken.toString());
    }

    /** The anchors that GitHub gives to headings. */
    private static List<String> anchors(Path page) throws Exception {
        return Files.readAllLines(page).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
                .map(line -> line.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .toList();
    }
}
