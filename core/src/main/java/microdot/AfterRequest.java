package microdot;

/** A hook that gets every response before it is sent, and may change it. */
@FunctionalInterface
public interface AfterRequest {
    /**
     * Reads the response, or changes its status, headers or body.
     *
     * @throws Exception is logged, and the request is answered with 500
     */
    void handle(Request request, Response response) throws Exception;
}
