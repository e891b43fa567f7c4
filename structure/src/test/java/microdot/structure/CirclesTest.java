package microdot.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CirclesTest {
    private static final String SAMPLE = "microdot.structure.sample.";

    @Test
    void findsCirclesThroughNestedClassesAndArrays() {
        var classes = new ClassFileImporter().importPackages("microdot.structure.sample");
        assertEquals(
                List.of(
                        Set.of(SAMPLE + "A", SAMPLE + "B", SAMPLE + "C"),
                        Set.of(SAMPLE + "D", SAMPLE + "E")),
                Circles.of(classes));
    }

    @Test
    void ignoresWhatWasNotImported() {
        var classes = new ClassFileImporter().importClasses(Circles.class);
        assertEquals(List.of(), Circles.of(classes));
    }
}
