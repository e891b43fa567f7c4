// The new lines of a log file, from a child process that ends with its client.
//
//   ./microdot run examples/logfile/LogFile.java [PORT [FILE]]
//   curl -N http://localhost:5000/log

import static microdot.Microdot.blocking;
import static microdot.sse.Sse.withSse;

import microdot.Microdot;

void main(String[] args) {
    var app = new Microdot();
    String file = args.length > 1 ? args[1] : "/var/log/syslog";

    app.get("/log", blocking(withSse((request, sse) -> {   // a read from a process holds its thread
        Process tail = new ProcessBuilder("tail", "-n", "1", "-F", file).start();
        sse.onClose(tail::destroy);           // an interrupt does not end a read from a process
        try (BufferedReader lines = tail.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                sse.send(line);
            }
        } finally {
            IO.println("log closed");
        }
    })));

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}
