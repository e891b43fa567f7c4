package microdot.redis;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import microdot.structure.Circles;
import org.junit.jupiter.api.Test;

/** The dependencies that the module's classes may have, and the classes that a user can see. */
class StructureTest {
    private static final JavaClasses REDIS =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("microdot.redis");

    @Test
    void noClassesDependOnEachOtherInACircle() {
        assertEquals(List.of(), Circles.of(REDIS));
    }

    @Test
    void moduleDependsOnTheSeamAndOnLettuceOnly() {
        classes()
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(
                                "java..",
                                "microdot.sse.store",
                                "microdot.redis",
                                "io.lettuce.core..",
                                "org.jspecify.annotations.."))
                .check(REDIS);
    }

    @Test
    void noClassWaitsForALock() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.concurrent.locks")
                .check(REDIS);
    }

    @Test
    void onlyTheStoreIsPublic() {
        Set<String> visible =
                REDIS.stream()
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getSimpleName)
                        .collect(Collectors.toSet());
        assertEquals(Set.of("RedisStore"), visible);
    }
}
