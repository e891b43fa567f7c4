package microdot;

import java.io.OutputStream;

/** Writes the body of {@link Response#stream(OutputWriter)}. */
@FunctionalInterface
public interface OutputWriter {
    /**
     * Writes the body. Written bytes are sent when 8 KiB are buffered, at {@link
     * OutputStream#flush}, and at the end. The thread is interrupted when the client leaves.
     *
     * @throws Exception before the client has left: logged, and the connection is aborted; after
     *     that: no more than a debug line
     */
    void writeTo(OutputStream out) throws Exception;
}
