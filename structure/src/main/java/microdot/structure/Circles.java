package microdot.structure;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Circles of dependencies between top-level classes: the strongly connected components with more
 * than one class. A nested class counts as a part of its top-level class. A sealed class depends on
 * the subclasses that it permits.
 *
 * <p>Constants are not seen: the compiler copies the value of a {@code static final} field of a
 * primitive type or String into the class that uses it, and leaves no trace of the other class.
 */
public final class Circles {
    private final Map<String, Set<String>> dependencies;
    private final Map<String, Integer> index = new HashMap<>();
    private final Map<String, Integer> lowest = new HashMap<>();
    private final Deque<String> open = new ArrayDeque<>();
    private final List<Set<String>> circles = new ArrayList<>();

    private Circles(Map<String, Set<String>> dependencies) {
        this.dependencies = dependencies;
    }

    /** The circles among these classes, each with the full names of its classes, both sorted. */
    public static List<Set<String>> of(JavaClasses classes) {
        var circles = new Circles(dependencies(classes));
        for (String name : circles.dependencies.keySet()) {
            if (!circles.index.containsKey(name)) {
                circles.visit(name);
            }
        }
        circles.circles.sort(Comparator.comparing(circle -> circle.iterator().next()));
        return circles.circles;
    }

    private static Map<String, Set<String>> dependencies(JavaClasses classes) {
        var found = new TreeMap<String, Set<String>>();
        for (JavaClass type : classes) {
            Set<String> targets =
                    found.computeIfAbsent(topLevel(type.getName()), name -> new TreeSet<>());
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                targets.add(topLevel(dependency.getTargetClass().getBaseComponentType().getName()));
            }
            targets.addAll(permitted(type));
        }
        found.values().forEach(targets -> targets.retainAll(found.keySet()));
        return found;
    }

    // ArchUnit does not read the permitted subclasses.
    private static Set<String> permitted(JavaClass type) {
        var permitted = new TreeSet<String>();
        Class<?>[] subclasses = type.reflect().getPermittedSubclasses();
        if (subclasses != null) {
            for (Class<?> subclass : subclasses) {
                permitted.add(topLevel(subclass.getName()));
            }
        }
        return permitted;
    }

    private static String topLevel(String name) {
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }

    // Tarjan's algorithm. The depth of the recursion is the longest path: hundreds of classes.
    private void visit(String name) {
        int number = index.size();
        index.put(name, number);
        lowest.put(name, number);
        open.push(name);
        for (String target : dependencies.getOrDefault(name, Set.of())) {
            if (!index.containsKey(target)) {
                visit(target);
                lowest.merge(name, lowest.getOrDefault(target, number), Math::min);
            } else if (open.contains(target)) {
                lowest.merge(name, index.getOrDefault(target, number), Math::min);
            }
        }
        if (lowest.getOrDefault(name, number) == number) {
            close(name);
        }
    }

    private void close(String name) {
        var circle = new TreeSet<String>();
        String member;
        do {
            member = open.pop();
            circle.add(member);
        } while (!member.equals(name));
        if (circle.size() > 1) {
            circles.add(circle);
        }
    }
}
