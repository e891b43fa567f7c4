package e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The libraries are compiled for Java 21, and suit its virtual threads. */
class LibrariesTest {
    private static List<ClassModel> classes(String module) throws IOException {
        Path root = Child.home().resolve(module).resolve("target/classes");
        try (Stream<Path> files = Files.walk(root)) {
            var classes = new ArrayList<ClassModel>();
            for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
                classes.add(ClassFile.of().parse(file));
            }
            assertFalse(classes.isEmpty(), "no classes in " + root);
            return classes;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"core", "server", "testing"})
    void classFilesAreForJava21(String module) throws Exception {
        for (ClassModel type : classes(module)) {
            assertEquals(ClassFile.JAVA_21_VERSION, type.majorVersion(), name(type));
        }
    }

    /** On Java 21 a virtual thread that waits inside a monitor keeps its carrier thread. */
    @ParameterizedTest
    @ValueSource(strings = {"core", "server", "testing"})
    void noClassCallsObjectWait(String module) throws Exception {
        var waiting = new ArrayList<String>();
        for (ClassModel type : classes(module)) {
            type.methods().stream()
                    .flatMap(method -> method.code().stream())
                    .flatMap(CodeModel::elementStream)
                    .filter(element -> element instanceof InvokeInstruction call && isWait(call))
                    .forEach(element -> waiting.add(name(type)));
        }
        assertEquals(List.of(), waiting, "call Object.wait (expected: a Condition or a latch)");
    }

    private static boolean isWait(InvokeInstruction call) {
        return call.owner().asInternalName().equals("java/lang/Object")
                && call.name().equalsString("wait");
    }

    private static String name(ClassModel type) {
        return type.thisClass().asInternalName();
    }
}
