package microdot;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
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
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import microdot.structure.Circles;
import org.junit.jupiter.api.Test;

/** What may depend on what, and what a user can see. */
class StructureTest {
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
    void theFrameworkDoesNotKnowItsStreams() {
        noClasses()
                .that()
                .resideInAPackage("microdot")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("microdot.sse..")
                .check(CORE);
    }

    @Test
    void noPackagesDependOnEachOtherInACircle() {
        slices().matching("(microdot..)").should().beFreeOfCycles().check(CORE);
    }

    @Test
    void noClassesOfTheFrameworkDependOnEachOtherInACircle() {
        var framework = CORE.that(resideInAnyPackage("microdot", "microdot.internal"));
        assertEquals(List.of(), Circles.of(framework));
    }

    @Test
    void theCoreNeedsNothingButTheJdkAndOneCodec() {
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
    void theModuleExportsWhatIsPublic() {
        Set<String> exported =
                descriptor().exports().stream()
                        .filter(export -> !export.isQualified())
                        .map(ModuleDescriptor.Exports::source)
                        .collect(Collectors.toSet());
        assertEquals(Set.of("microdot", "microdot.sse"), exported);
        assertFalse(descriptor().isOpen());
        Set<String> withPublicClasses =
                CORE.stream()
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getPackageName)
                        .collect(Collectors.toSet());
        // What the packages of the module share, and applications do not see.
        withPublicClasses.remove("microdot.internal");
        assertEquals(exported, withPublicClasses);
    }

    private static ModuleDescriptor descriptor() {
        return ModuleFinder.of(CLASSES).find("microdot.core").orElseThrow().descriptor();
    }
}
