package microdot;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The hooks and the error handlers of one application. */
final class Hooks {
    private final List<Handler> before = new CopyOnWriteArrayList<>();
    private final List<AfterRequest> after = new CopyOnWriteArrayList<>();
    private final List<AfterResponse> afterResponse = new CopyOnWriteArrayList<>();
    private final ErrorHandlers errors = new ErrorHandlers();
    private volatile @Nullable Cors cors;
    private volatile @Nullable String textType;

    List<Handler> before() {
        return before;
    }

    List<AfterRequest> after() {
        return after;
    }

    List<AfterResponse> afterResponse() {
        return afterResponse;
    }

    ErrorHandlers errors() {
        return errors;
    }

    @Nullable Cors cors() {
        return cors;
    }

    void cors(Cors cors) {
        this.cors = cors;
    }

    /** Returns the content type of text that handlers return; null if the application sets none. */
    @Nullable String textType() {
        return textType;
    }

    void textType(String type) {
        textType = type;
    }

    /**
     * Whether no code of the application runs before or after a handler and before the response is
     * sent; error handlers do not count.
     */
    boolean isEmpty() {
        Cors rules = cors;
        return before.isEmpty() && after.isEmpty() && (rules == null || !rules.runsUserCode());
    }
}
