package microdot;

import java.io.OutputStream;

/** Writes the body of {@link Response#stream(OutputWriter)}. */
@FunctionalInterface
public interface OutputWriter {
    /**
     * Writes the body. What is written is sent when 8 KiB have collected, at {@link
     * OutputStream#flush}, and at the end.
     *
     * @throws Exception is logged, and aborts the connection
     */
    void writeTo(OutputStream out) throws Exception;
}
