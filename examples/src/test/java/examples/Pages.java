package examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** The pages of the documentation, and the code in them. */
final class Pages {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern JAVA = Pattern.compile("(?ms)^```java\\n(.*?)^```$");
    private static final Pattern KOTLIN = Pattern.compile("(?ms)^```kotlin\\n(.*?)^```$");

    private Pages() {}

    /** The README and every page of the guide. */
    static List<Path> all() {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        pages.addAll(in("docs/guide"));
        return List.copyOf(pages);
    }

    static List<Path> in(String folder) {
        return files(ROOT.resolve(folder), ".md");
    }

    static List<Path> files(Path folder, String ending) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<String> javaBlocks(Path page) throws IOException {
        return blocks(JAVA, page);
    }

    static List<String> kotlinBlocks(Path page) throws IOException {
        return blocks(KOTLIN, page);
    }

    private static List<String> blocks(Pattern language, Path page) throws IOException {
        Matcher matcher = language.matcher(Files.readString(page));
        return matcher.results().map(result -> result.group(1)).toList();
    }

    /** All programs below examples/ that the tests run, without their indentation. */
    static List<String> sources() throws IOException {
        return sources("examples", ".java");
    }

    /** What the build of examples/kotlin compiles, and its test runs. */
    static List<String> kotlinSources() throws IOException {
        return sources("examples/kotlin/src/main/kotlin", ".kt");
    }

    private static List<String> sources(String folder, String ending) throws IOException {
        var sources = new ArrayList<String>();
        for (Path file : files(ROOT.resolve(folder), ending)) {
            if (!file.toString().contains("/target/")) {
                sources.add(normalized(Files.readString(file)));
            }
        }
        return sources;
    }

    /** The text without indentation, empty lines and spaces before comments. */
    static String normalized(String code) {
        return code.lines()
                .map(line -> line.strip().replaceAll("\\s+//", " //"))
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining("\n", "\n", "\n"));
    }

    /** Compiles the sources of a folder with the class path of this test. */
    static void compile(Path folder, Path classes) {
        var arguments = new ArrayList<>(List.of("-d", classes.toString(), "-proc:none"));
        arguments.addAll(List.of("-cp", System.getProperty("java.class.path")));
        files(folder, ".java").forEach(file -> arguments.add(file.toString()));
        int status =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, arguments.toArray(String[]::new));
        if (status != 0) {
            throw new AssertionError("javac failed with status " + status);
        }
    }

    /** Runs the test methods of a class, each on an object of its own, and counts them. */
    static int runTests(String name, Path classes) throws Exception {
        URL[] path = {classes.toUri().toURL()};
        int count = 0;
        try (var loader = new URLClassLoader(path, Pages.class.getClassLoader())) {
            Class<?> type = loader.loadClass(name);
            Constructor<?> constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            for (Method method : type.getDeclaredMethods()) {
                if (method.isAnnotationPresent(Test.class)) {
                    method.setAccessible(true);
                    method.invoke(constructor.newInstance());
                    count++;
                }
            }
        }
        return count;
    }
}
