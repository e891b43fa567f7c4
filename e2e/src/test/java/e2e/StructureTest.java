package e2e;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;
import microdot.structure.Circles;
import org.junit.jupiter.api.Test;

/** The dependencies that the classes of these tests may have. */
class StructureTest {
    private static final JavaClasses E2E = new ClassFileImporter().importPackages("e2e");

    @Test
    void noClassesDependOnEachOtherInACircle() {
        assertEquals(List.of(), Circles.of(E2E));
    }

    @Test
    void testsUseOnlyThePublicApi() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "microdot.internal..", "microdot.netty..")
                .check(E2E);
    }
}
