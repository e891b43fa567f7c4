package microdot;

/** Sees every response before it is sent, and may change it. */
@FunctionalInterface
public interface AfterRequest {
    /**
     * Looks at the response, or changes its status, headers or body.
     *
     * @throws Exception logged, and answered with 500
     */
    void handle(Request request, Response response) throws Exception;
}
