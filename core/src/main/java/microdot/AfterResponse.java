package microdot;

/** A hook that runs when a response was sent or a stream has ended. */
@FunctionalInterface
public interface AfterResponse {
    /**
     * Observes what became of the request.
     *
     * @throws Exception is logged
     */
    void handle(Request request, Outcome outcome) throws Exception;
}
