package dashboard.processes;

/** A program that the demo starts is not installed. The message names its Debian package. */
public final class MissingProgramException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MissingProgramException(String message) {
        super(message);
    }
}
