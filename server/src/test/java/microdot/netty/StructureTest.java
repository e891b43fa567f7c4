package microdot.netty;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import microdot.structure.Circles;
import org.junit.jupiter.api.Test;

/** What may depend on what in the server, and what a user can see of it. */
class StructureTest {
    private static final Path CLASSES = compiled();
    private static final JavaClasses SERVER = new ClassFileImporter().importPath(CLASSES);

    private static Path compiled() {
        try {
            return Path.of(
                    NettyTransport.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void classesHaveNoCircles() {
        assertEquals(List.of(), Circles.of(SERVER));
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("(microdot..)").should().beFreeOfCycles().check(SERVER);
    }

    /**
     * A jump of the wall clock must end nothing: only {@code Sse.closeAt}, the header Date and the
     * ends of certificates need the time of day.
     */
    @Test
    void durationsAreMonotonic() {
        noClasses()
                .that()
                .haveNameNotMatching(
                        ".*\\.(ChannelSink|ResponseFields|KeyedCertificate|SelfSigned)(\\$.*)?")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .check(SERVER);
    }

    /**
     * An event loop that waits in the queue of such a lock may wait for a virtual thread that has
     * no carrier thread: {@link microdot.internal.BriefLock}.
     */
    @Test
    void eventLoopsWaitForNoLockWithAQueue() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName(ReentrantLock.class.getName())
                .check(SERVER);
        noMethods().should().haveModifier(JavaModifier.SYNCHRONIZED).check(SERVER);
    }

    @Test
    void serverNeedsOnlyTheCoreAndNetty() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl..",
                        "microdot..",
                        "io.netty..",
                        "org.jspecify.annotations..")
                .check(SERVER);
    }

    /** HTTP/2 will bring its own connection: what it shares must not know HTTP/1.1. */
    @Test
    void onlyTheHttpPackageKnowsHttp11() {
        noClasses()
                .that()
                .resideOutsideOfPackage("microdot.netty.http")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty.handler.codec.http..")
                .check(SERVER);
    }

    @Test
    void namesSayWhatAClassIs() {
        noClasses()
                .should()
                .haveNameMatching(".*(Manager|Utils?|Helper|Impl|Base)(\\$.*)?")
                .check(SERVER);
    }

    @Test
    void onlyTheTransportIsPublicInAnExportedPackage() {
        ModuleDescriptor module =
                ModuleFinder.of(CLASSES).find("microdot.server").orElseThrow().descriptor();
        Set<String> exported =
                module.exports().stream()
                        .map(ModuleDescriptor.Exports::source)
                        .collect(Collectors.toSet());
        assertEquals(Set.of("microdot.netty"), exported);
        assertFalse(module.isOpen());
        Set<String> visible =
                SERVER.stream()
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .filter(type -> exported.contains(type.getPackageName()))
                        .map(JavaClass::getSimpleName)
                        .collect(Collectors.toSet());
        assertEquals(Set.of("NettyTransport"), visible);
    }
}
