package microdot.netty.threads;

/** Where a thread is, as a log entry shows it. */
final class ThreadStack extends Exception {
    private static final long serialVersionUID = 1;

    ThreadStack(Thread thread) {
        super("the stack of " + thread);
        setStackTrace(thread.getStackTrace());
    }
}
