package microdot.testing;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import microdot.internal.TopicTime;
import microdot.structure.Circles;
import org.junit.jupiter.api.Test;

/** The dependencies that the module's classes may have, and the classes that a user can see. */
class StructureTest {
    private static final JavaClasses TESTING =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("microdot.testing");

    @Test
    void noClassesDependOnEachOtherInACircle() {
        assertEquals(List.of(), Circles.of(TESTING));
    }

    @Test
    void moduleDependsOnTheApiOfTheCoreOnly() {
        classes()
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(
                                        "java..",
                                        "microdot",
                                        "microdot.sse",
                                        "microdot.sse.store",
                                        "microdot.testing..",
                                        "org.junit.jupiter.api..",
                                        "org.jspecify.annotations..")
                                // A door for tests is no method of Topics.
                                .or(type(TopicTime.class)))
                .check(TESTING);
    }

    @Test
    void onlyWhatATestUsesIsPublic() {
        Set<String> visible =
                TESTING.stream()
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getSimpleName)
                        .collect(Collectors.toSet());
        assertEquals(
                Set.of(
                        "EventStoreContract",
                        "TestClient",
                        "TestRequest",
                        "TestResponse",
                        "RunningRequest",
                        "TestStream",
                        "StreamEnd"),
                visible);
    }
}
