package microdot;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The hooks and the error handlers of one application. */
final class Hooks {
    private final List<Handler> before = new CopyOnWriteArrayList<>();
    private final List<AfterRequest> after = new CopyOnWriteArrayList<>();
    private final ErrorHandlers errors = new ErrorHandlers();

    List<Handler> before() {
        return before;
    }

    List<AfterRequest> after() {
        return after;
    }

    ErrorHandlers errors() {
        return errors;
    }

    /** Whether no hook runs before or after a handler; error handlers do not count. */
    boolean isEmpty() {
        return before.isEmpty() && after.isEmpty();
    }
}
