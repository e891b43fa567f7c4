package microdot;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Converts the return values of handlers to responses. */
final class ReturnValues {
    private ReturnValues() {}

    static Response of(@Nullable Object value) {
        return switch (value) {
            case null -> new Response().status(204);
            case Response response -> response.copy();
            case Integer status -> ofStatus(status);
            case CharSequence text -> Response.text(text.toString());
            case byte[] bytes -> Response.bytes(bytes, "application/octet-stream");
            case Map<?, ?> map -> Response.json(map);
            // A Path is an Iterable of its parts, but a handler that returns a Path means the file:
            // rejected, because Response.file serves files.
            case Iterable<?> list when !(list instanceof Path) -> Response.json(list);
            case Record record -> Response.json(record);
            case Object array when array.getClass().isArray() -> Response.json(array);
            default ->
                    throw new IllegalStateException(
                            "a handler returned a "
                                    + value.getClass().getName()
                                    + " (expected: Response, text, a status, byte[], Map, Iterable, array, record or"
                                    + " null; "
                                    + instead(value)
                                    + ")");
        };
    }

    private static String instead(Object value) {
        return switch (value) {
            case Path path -> "Response.file(path) sends a file";
            case Number number -> "String.valueOf(number) is text";
            case Boolean bool -> "String.valueOf(value) is text";
            default -> "Response.json(value) writes any object as JSON";
        };
    }

    /** An error gets its reason as text; any other status has no body. */
    static Response ofStatus(int status) {
        if (!Status.isValid(status)) {
            throw new IllegalStateException(
                    "a handler returned the number "
                            + status
                            + ", which is no status (expected: 200 to 599; String.valueOf(number)"
                            + " is text)");
        }
        return (status >= 400 ? Response.text(Status.reason(status)) : new Response())
                .status(status);
    }
}
