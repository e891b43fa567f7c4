package microdot.sse;

/** The work of a run, see {@link Runs#start(RunHandler)}. */
@FunctionalInterface
public interface RunHandler {
    /**
     * Does the work. Runs on its own virtual thread, which is interrupted when the run is stopped.
     * The run ends when this returns or throws.
     *
     * @throws Exception ends the run with {@code event: run-error}; it is logged once
     */
    void handle(Run run) throws Exception;
}
