package microdot.netty.exchange;

import microdot.HttpException;
import microdot.internal.Quoted;
import org.jspecify.annotations.Nullable;

/** What every version of HTTP refuses. */
public final class RequestChecks {
    private RequestChecks() {}

    /** Returns whether the text may be the target of a request: ASCII, without a fragment. */
    public static boolean isTarget(String text) {
        boolean fits = true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            fits &= c > ' ' && c < 127 && c != '#';
        }
        return fits;
    }

    /**
     * Checks the field {@code Expect} (RFC 9110, section 10.1.1).
     *
     * @throws HttpException with 417 if it is not 100-continue
     */
    public static void expectation(@Nullable String expect) {
        if (expect != null && !expect.equalsIgnoreCase("100-continue")) {
            throw new HttpException(
                    417, "Expect: " + Quoted.of(expect) + " (expected: 100-continue)");
        }
    }
}
