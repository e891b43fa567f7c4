package microdot.internal;

/** Waits that an interrupt does not shorten. The interrupt flag of the thread is set afterwards. */
public final class Uninterrupted {
    private Uninterrupted() {}

    /** A wait that continues when it is called again after an interrupt. */
    public interface Wait {
        void run() throws InterruptedException;
    }

    /** Waits until the wait returns without an interrupt. */
    public static void await(Wait wait) {
        boolean interrupted = false;
        while (true) {
            try {
                wait.run();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
