package e2e;

import java.io.IOException;

/** An example that runs in its own process, as a source file, on a free port. */
final class Program implements AutoCloseable {
    private final Child process;
    private final int port;

    private Program(Child process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts the program of this file, which prints its address when it listens. */
    static Program start(String file) {
        Child process = Child.java(file, "0");
        String address = process.await("http://localhost:");
        return new Program(
                process, Integer.parseInt(address.substring(address.lastIndexOf(':') + 1)));
    }

    int port() {
        return port;
    }

    /** Asks the process to end, as a service manager does. */
    void terminate() throws IOException, InterruptedException {
        process.signal("TERM");
    }

    @Override
    public void close() throws InterruptedException {
        process.close();
    }
}
