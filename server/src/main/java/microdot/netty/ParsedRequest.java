package microdot.netty;

import microdot.Request;

/** What a client sent: a whole request, or something that is answered without one. */
sealed interface ParsedRequest {
    /** Whether the client understands a chunked body: HTTP/1.1. */
    boolean chunked();

    /** Whether the client wants the head alone. */
    boolean headOnly();

    /** Bytes of memory that its body takes. */
    int size();

    /**
     * A whole request.
     *
     * @param keepAlive whether the client wants to use the connection again
     */
    record Whole(Request request, boolean chunked, boolean keepAlive) implements ParsedRequest {
        @Override
        public boolean headOnly() {
            return request.method().equals("HEAD");
        }

        @Override
        public int size() {
            return request.body().length;
        }
    }

    /** What cannot be served; the connection ends with the answer. */
    record Refused(int status, String reason, boolean headOnly) implements ParsedRequest {
        @Override
        public boolean chunked() {
            return true;
        }

        @Override
        public int size() {
            return 0;
        }
    }
}
