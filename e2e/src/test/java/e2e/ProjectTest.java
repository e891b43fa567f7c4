package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./microdot install}, and a project made by {@code ./microdot new}. */
@Timeout(180)
class ProjectTest {
    private static final Path REPOSITORY = Child.home().resolve("e2e/target/repository");

    @TempDir Path folder = Path.of("");

    /**
     * Installs into a local repository of the tests. Each of its folders is a link to the folder of
     * the ordinary one, whose plugins and libraries are needed, except those of Microdot.
     */
    @BeforeAll
    static void install() throws Exception {
        Path ordinary = Path.of(System.getProperty("localRepository", ordinaryRepository()));
        Files.createDirectories(REPOSITORY);
        delete(REPOSITORY.resolve("microdot"));
        for (Path group : list(ordinary)) {
            Path link = REPOSITORY.resolve(group.getFileName());
            if (!group.endsWith("microdot") && !Files.exists(link)) {
                Files.createSymbolicLink(link, group);
            }
        }
        try (Child install =
                Child.microdot(Child.home(), "install", "-Dmaven.repo.local=" + REPOSITORY)) {
            install.await("Installed microdot");
            assertEquals(0, install.exitCode());
        }
    }

    private static String ordinaryRepository() {
        return System.getProperty("user.home") + "/.m2/repository";
    }

    private static void delete(Path root) throws Exception {
        if (Files.exists(root)) {
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.toList().reversed()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static List<Path> list(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private Child inProject(Path project, String... command) {
        var line = new ArrayList<>(List.of("env", "--default-signal=INT"));
        line.add("MAVEN_OPTS=-Dmaven.repo.local=" + REPOSITORY);
        line.addAll(List.of(command));
        return Child.start(project, line.toArray(String[]::new));
    }

    private Path newProject(String name) throws Exception {
        try (Child made = Child.microdot(folder, "new", name)) {
            made.await("Made " + name);
            assertEquals(0, made.exitCode());
        }
        return folder.resolve(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "microdot",
                "microdot-core",
                "microdot-testing",
                "microdot-sqlite",
                "microdot-redis",
                "microdot-nats"
            })
    void installPutsSourcesAndJavadocBesideEachLibrary(String artifact) throws Exception {
        Path versions = REPOSITORY.resolve("microdot").resolve(artifact);
        Path version = list(versions).stream().filter(Files::isDirectory).findFirst().orElseThrow();
        String names = list(version).toString();
        for (String ending : List.of(".jar", "-sources.jar", "-javadoc.jar", ".pom")) {
            assertTrue(names.contains("SNAPSHOT" + ending), ending + " in " + names);
        }
    }

    @Test
    void installPutsOnlyPublishedArtifacts() throws Exception {
        var names = new TreeSet<String>();
        for (Path artifact : list(REPOSITORY.resolve("microdot"))) {
            names.add(String.valueOf(artifact.getFileName()));
        }
        var published =
                Set.of(
                        "microdot",
                        "microdot-bom",
                        "microdot-core",
                        "microdot-nats",
                        "microdot-parent",
                        "microdot-redis",
                        "microdot-sqlite",
                        "microdot-testing");
        assertEquals(published, names);
    }

    @Test
    void newProjectPassesItsTest() throws Exception {
        Path project = newProject("readings");
        assertTrue(Files.readString(project.resolve("README.md")).contains("mvn test "));
        try (Child maven = inProject(project, "mvn", "--batch-mode", "test")) {
            maven.await("Tests run: 2, Failures: 0, Errors: 0, Skipped: 0");
            assertEquals(0, maven.exitCode());
        }
    }

    @Test
    void newProjectRunsReportsATakenPortAndEndsOnCtrlC() throws Exception {
        Path project = newProject("my readings");
        assertTrue(Files.readString(project.resolve("README.md")).contains("./run "));
        String port = Integer.toString(Proxy.freePort());
        try (Child app = inProject(project, "./run", port)) {
            app.await("http://localhost:" + port);
            try (Child second = inProject(project, "./run", port)) {
                String line = second.await("microdot: cannot listen on 0.0.0.0:" + port);
                assertEquals(1, second.exitCode());
                assertEquals(line, second.lines().getLast());
            }
            try (Child page = curl("http://localhost:" + port)) {
                page.await("new EventSource('/events')");
            }
            try (Child client = curl("http://localhost:" + port + "/events")) {
                client.await("event: reading");
                app.signal("INT");
                client.await("retry: ");
                assertEquals(0, client.exitCode(), "the body has an end");
            }
            assertEquals(130, app.exitCode());
        }
    }

    private Child curl(String url) {
        return Child.start(folder, "curl", "-sN", url);
    }

    @Test
    void newTakesAnEmptyFolderAndRejectsOneWithFiles() throws Exception {
        Files.createDirectory(folder.resolve("empty"));
        newProject("empty");
        try (Child second = Child.microdot(folder, "new", "empty")) {
            second.await("new: empty is not empty (expected: a folder that is new or empty)");
            assertEquals(1, second.exitCode());
        }
    }
}
