package benchmarks;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import microdot.structure.Circles;
import org.junit.jupiter.api.Test;

/** The dependencies that the classes of the load measurement may have. */
class StructureTest {
    private static final JavaClasses BENCHMARKS =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("benchmarks");

    @Test
    void noClassesDependOnEachOtherInACircle() {
        assertEquals(List.of(), Circles.of(BENCHMARKS));
    }

    @Test
    void loadMeasurementUsesOnlyThePublicApi() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("microdot.internal..", "microdot.netty..")
                .check(BENCHMARKS);
    }

    /** The client for TLS is on Netty; everything else is independent of it. */
    @Test
    void onlyTheSecureClientUsesNetty() {
        noClasses()
                .that()
                .haveNameNotMatching("benchmarks\\.Secure.*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(BENCHMARKS);
    }
}
