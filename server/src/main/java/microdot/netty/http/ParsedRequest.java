package microdot.netty.http;

import microdot.Request;

/** What a client sent: a whole request, or input that is refused without one. */
sealed interface ParsedRequest {
    /** Returns whether the client speaks HTTP/1.1, and so understands a chunked body. */
    boolean http11();

    /** Returns whether the client wants only the head of the response. */
    boolean headOnly();

    /** Returns the size of the body in bytes. */
    int size();

    /**
     * A whole request.
     *
     * @param keepAlive whether the client wants to send further requests on the connection
     */
    record Whole(Request request, boolean http11, boolean keepAlive) implements ParsedRequest {
        @Override
        public boolean headOnly() {
            return request.method().equals("HEAD");
        }

        @Override
        public int size() {
            return request.body().length;
        }
    }

    /** Input that cannot be served; the connection is closed after the response. */
    record Refused(int status, String reason, boolean headOnly) implements ParsedRequest {
        @Override
        public boolean http11() {
            return true;
        }

        @Override
        public int size() {
            return 0;
        }
    }
}
