package microdot.sse;

import java.util.Locale;
import java.util.regex.Pattern;
import microdot.Request;

/** What a client accepts ({@code Accept}, RFC 9110, section 12.5.1), as far as streams differ. */
final class Accepts {
    private static final Pattern STREAM =
            Pattern.compile("text/event-stream", Pattern.CASE_INSENSITIVE);

    /** Not with the weight 0. */
    private static final Pattern JSON =
            Pattern.compile("application/json\\s*(?:,|$|;(?!\\s*q=0(?:\\.0*)?\\s*(?:,|$)))");

    private Accepts() {}

    static boolean eventStream(Request request) {
        String accept = request.header("Accept");
        return accept != null && STREAM.matcher(accept).find();
    }

    /** Returns whether the client asks for JSON and not for a stream. */
    static boolean onlyJson(Request request) {
        String accept = request.header("Accept");
        return accept != null
                && !eventStream(request)
                && JSON.matcher(accept.toLowerCase(Locale.ROOT)).find();
    }
}
