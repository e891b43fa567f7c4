package microdot;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import microdot.structure.Circles;
import org.junit.jupiter.api.Test;

/** Which classes may depend on which, and what a user can see. */
class StructureTest {
    private static final Set<String> EXPORTED =
            Set.of("microdot", "microdot.sse", "microdot.sse.store");

    /** Public types that must name each other. */
    private static final List<Set<String>> ALLOWED_CIRCLES =
            List.of(
                    Set.of("microdot.sse.Sse", "microdot.sse.SseHandler"),
                    Set.of(
                            "microdot.sse.Topic",
                            "microdot.sse.TopicStream",
                            "microdot.sse.Topics"));

    private static final Path CLASSES = compiled();
    private static final JavaClasses CORE = new ClassFileImporter().importPath(CLASSES);

    private static Path compiled() {
        try {
            return Path.of(
                    Microdot.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void classesDependOnEachOtherOnlyInTheNamedCircles() {
        assertEquals(ALLOWED_CIRCLES, Circles.of(CORE));
    }

    @Test
    void packagesAreFreeOfCircles() {
        slices().matching("(microdot..)").should().beFreeOfCycles().check(CORE);
    }

    /** The age of an entry that another process has stored is known by the wall clock only. */
    @Test
    void durationsAreMonotonic() {
        noClasses()
                .that()
                .haveSimpleNameNotEndingWith("StoreTail")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .check(CORE);
    }

    /**
     * An event loop that waits in the queue of such a lock may wait for a virtual thread that has
     * no carrier thread: {@link microdot.internal.BriefLock}. Those named here are never waited for
     * by an event loop.
     */
    @Test
    void eventLoopsWaitForNoLockWithAQueue() {
        noClasses()
                .that()
                .haveNameNotMatching(".*\\.(Changes|PolledLock)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName(ReentrantLock.class.getName())
                .check(CORE);
        noMethods()
                .that()
                .areDeclaredInClassesThat()
                .haveNameNotMatching(".*\\.(ColdHistory|TopicState|Snapshots|PartStorage)(\\$.*)?")
                .should()
                .haveModifier(JavaModifier.SYNCHRONIZED)
                .check(CORE);
    }

    @Test
    void frameworkDoesNotDependOnStreams() {
        noClasses()
                .that()
                .resideInAnyPackage("microdot", "microdot.internal")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("microdot.sse..")
                .check(CORE);
    }

    @Test
    void logDoesNotDependOnTopics() {
        noClasses()
                .that()
                .resideInAPackage("microdot.sse.log")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("microdot", "microdot.sse", "microdot.internal")
                .check(CORE);
    }

    @Test
    void coreNeedsOnlyTheJdkAndOneCodec() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..", "microdot..", "tools.jackson..", "org.jspecify.annotations..")
                .check(CORE);
        noClasses()
                .that()
                .doNotHaveSimpleName("Jackson")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("tools.jackson..", "com.fasterxml.jackson..")
                .check(CORE);
    }

    @Test
    void namesSayWhatAClassIs() {
        noClasses()
                .should()
                .haveNameMatching(".*(Manager|Utils?|Helper|Impl|Base)(\\$.*)?")
                .check(CORE);
    }

    @Test
    void moduleExportsOnlyThePublicPackages() {
        ModuleDescriptor module =
                ModuleFinder.of(CLASSES).find("microdot.core").orElseThrow().descriptor();
        Set<String> exported =
                module.exports().stream()
                        .filter(export -> !export.isQualified())
                        .map(ModuleDescriptor.Exports::source)
                        .collect(Collectors.toSet());
        assertEquals(EXPORTED, exported);
        assertFalse(module.isOpen());
    }

    @Test
    void publicMembersNameOnlyPublicTypes() {
        var internal = new TreeSet<String>();
        CORE.stream()
                .filter(StructureTest::isVisible)
                .flatMap(type -> type.getMembers().stream())
                .filter(member -> isPublicOrProtected(member.getModifiers()))
                .forEach(
                        member ->
                                notVisible(involved(member))
                                        .forEach(
                                                type ->
                                                        internal.add(
                                                                member.getFullName()
                                                                        + " names "
                                                                        + type.getName())));
        assertEquals(Set.of(), internal);
    }

    /** A supertype that is not public gives its members to the types of the application. */
    @Test
    void publicTypesHaveOnlyPublicSupertypes() {
        var internal = new TreeSet<String>();
        CORE.stream()
                .filter(StructureTest::isVisible)
                .forEach(
                        type ->
                                notVisible(supertypes(type))
                                        .forEach(
                                                supertype ->
                                                        internal.add(
                                                                type.getName()
                                                                        + " extends "
                                                                        + supertype.getName())));
        assertEquals(Set.of(), internal);
    }

    private static Stream<JavaClass> supertypes(JavaClass type) {
        return Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream())
                .flatMap(supertype -> supertype.getAllInvolvedRawTypes().stream());
    }

    private static Stream<JavaClass> notVisible(Stream<JavaClass> types) {
        return types.filter(type -> type.getPackageName().startsWith("microdot"))
                .filter(type -> !isVisible(type));
    }

    private static boolean isVisible(JavaClass type) {
        return EXPORTED.contains(type.getPackageName())
                && isPublicOrProtected(type.getModifiers())
                && type.getEnclosingClass().map(StructureTest::isVisible).orElse(true);
    }

    private static boolean isPublicOrProtected(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC)
                || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static Stream<JavaClass> involved(JavaMember member) {
        Stream<JavaType> types =
                member instanceof JavaCodeUnit unit
                        ? Stream.concat(
                                Stream.of(unit.getReturnType()), unit.getParameterTypes().stream())
                        : Stream.of(((JavaField) member).getType());
        return types.flatMap(type -> type.getAllInvolvedRawTypes().stream())
                .map(JavaClass::getBaseComponentType);
    }
}
