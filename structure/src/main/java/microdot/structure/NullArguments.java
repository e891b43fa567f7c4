package microdot.structure;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Passes null to the public methods of classes, for each parameter that is not marked as nullable.
 */
public final class NullArguments {
    private static final Pattern REFUSAL = Pattern.compile("[\\w ]+: null \\(expected: .+\\)");

    private final Map<Class<?>, Object> samples;

    private NullArguments(Map<Class<?>, ?> samples) {
        this.samples = new HashMap<>(samples);
    }

    /**
     * Returns the parameters for which null is not refused with a message such as {@code path: null
     * (expected: a path)}, with what happened instead. Methods of interfaces are not called.
     *
     * @param samples an object of each class that has methods or is a parameter; interfaces need
     *     none
     */
    public static List<String> notRefused(Collection<Class<?>> types, Map<Class<?>, ?> samples) {
        var calls = new NullArguments(samples);
        var found = new TreeSet<String>();
        for (Class<?> type : types) {
            if (!type.isInterface() && !type.isEnum()) {
                members(type).forEach(member -> calls.check(member, found));
            }
        }
        return List.copyOf(found);
    }

    private static Stream<? extends Executable> members(Class<?> type) {
        return Stream.concat(
                        Arrays.stream(type.getDeclaredConstructors()),
                        Arrays.stream(type.getDeclaredMethods()))
                .filter(member -> Modifier.isPublic(member.getModifiers()))
                .filter(member -> !member.isSynthetic() && !member.getName().equals("equals"));
    }

    private void check(Executable member, Collection<String> found) {
        Parameter[] parameters = member.getParameters();
        for (int i = 0; i < parameters.length; i++) {
            if (parameters[i].getType().isPrimitive() || isNullable(parameters[i])) {
                continue;
            }
            @Nullable Object[] arguments = samples(parameters);
            arguments[i] = null;
            tryCall(member, i, "null", arguments, found);
            if (parameters[i].getType() == String[].class) {
                arguments[i] = new @Nullable String[] {null};
                tryCall(member, i, "an array with null", arguments, found);
            }
        }
    }

    private void tryCall(
            Executable member,
            int at,
            String what,
            @Nullable Object[] arguments,
            Collection<String> found) {
        String happened = call(member, arguments);
        if (!REFUSAL.matcher(happened).matches()) {
            found.add(
                    member.toGenericString()
                            + ": parameter "
                            + at
                            + " is "
                            + what
                            + ": "
                            + happened);
        }
    }

    private String call(Executable member, @Nullable Object[] arguments) {
        try {
            if (member instanceof Constructor<?> constructor) {
                constructor.newInstance(arguments);
            } else {
                boolean isStatic = Modifier.isStatic(member.getModifiers());
                @Nullable Object self = isStatic ? null : sample(member.getDeclaringClass());
                ((Method) member).invoke(self, arguments);
            }
            return "accepted";
        } catch (InvocationTargetException e) {
            return switch (e.getCause()) {
                case IllegalArgumentException refused -> String.valueOf(refused.getMessage());
                case NullPointerException refused -> String.valueOf(refused.getMessage());
                case null, default -> String.valueOf(e.getCause());
            };
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(member.toString(), e);
        }
    }

    private static boolean isNullable(Parameter parameter) {
        return Arrays.stream(parameter.getAnnotatedType().getAnnotations())
                .anyMatch(mark -> mark.annotationType().getSimpleName().equals("Nullable"));
    }

    private @Nullable Object[] samples(Parameter[] parameters) {
        return Arrays.stream(parameters).map(p -> sample(p.getType())).toArray();
    }

    private Object sample(Class<?> type) {
        @Nullable Object known = samples.get(type);
        if (type.isSealed() || (Modifier.isAbstract(type.getModifiers()) && !type.isInterface())) {
            known = samples.values().stream().filter(type::isInstance).findFirst().orElse(known);
        }
        if (known == null && type.isInterface()) {
            known =
                    Proxy.newProxyInstance(
                            type.getClassLoader(), new Class<?>[] {type}, (self, m, args) -> null);
        }
        if (known == null) {
            throw new AssertionError("no sample of " + type);
        }
        return known;
    }
}
