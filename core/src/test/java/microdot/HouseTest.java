package microdot;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Which way the arrows of the house point, and what it shows to others. */
class HouseTest {
    private final JavaClasses all =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("microdot");

    @Test
    void theFrameworkDoesNotKnowEventStreams() {
        noClasses()
                .that()
                .resideInAPackage("microdot")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("microdot.sse")
                .check(all);
        slices().matching("microdot.(**)").should().beFreeOfCycles().check(all);
    }

    @Test
    void jacksonAndSocketsStayBehindTheirDoors() {
        noClasses().should().dependOnClassesThat().resideInAPackage("io.netty..").check(all);
        noClasses()
                .that()
                .doNotHaveSimpleName("JacksonCodec")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("tools.jackson..")
                .check(all);
    }

    @Test
    void namesSaySomething() {
        classes()
                .should()
                .haveSimpleNameNotEndingWith("Manager")
                .andShould()
                .haveSimpleNameNotEndingWith("Util")
                .andShould()
                .haveSimpleNameNotEndingWith("Helper")
                .andShould()
                .haveSimpleNameNotEndingWith("Impl")
                .check(all);
    }

    @Test
    void theModuleExportsItsTwoPackages() {
        ModuleDescriptor module =
                ModuleFinder.of(Path.of("target/classes"))
                        .find("microdot.core")
                        .orElseThrow()
                        .descriptor();
        assertEquals(
                Set.of("microdot", "microdot.sse"),
                module.exports().stream()
                        .map(ModuleDescriptor.Exports::source)
                        .collect(Collectors.toSet()));
        assertEquals(Set.of("microdot", "microdot.sse"), module.packages());
    }
}
