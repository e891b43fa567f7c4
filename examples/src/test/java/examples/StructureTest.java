package examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.List;
import microdot.structure.Circles;
import org.junit.jupiter.api.Test;

/** The dependencies that the dashboard's classes may have. */
class StructureTest {
    private static final JavaClasses DASHBOARD =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dashboard");

    @Test
    void noClassesDependOnEachOtherInACircle() {
        assertEquals(List.of(), Circles.of(DASHBOARD));
    }

    @Test
    void noPackagesDependOnEachOtherInACircle() {
        SlicesRuleDefinition.slices()
                .matching("(dashboard..)")
                .should()
                .beFreeOfCycles()
                .check(DASHBOARD);
    }

    @Test
    void dashboardUsesOnlyThePublicApi() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "microdot.internal..", "microdot.netty..")
                .check(DASHBOARD);
    }
}
