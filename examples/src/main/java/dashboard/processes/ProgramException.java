package dashboard.processes;

/** A program is not installed, and the message names its Debian package; or it does not start. */
public final class ProgramException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ProgramException(String message) {
        super(message);
    }
}
