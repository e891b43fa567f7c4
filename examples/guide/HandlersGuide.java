// The code of docs/guide/recipes/what-a-handler-may-do.md, and the access log of docs/guide/operations.md.

import static microdot.Microdot.blocking;

import microdot.AccessLog;
import microdot.Microdot;
import microdot.ServerOptions;

void main(String[] args) {
    var app = new Microdot();

    app.get("/primes", blocking(request -> {
        int count = 0;
        for (int n = 2; n < 1_000_000 && request.isOpen(); n++) {
            if (isPrime(n)) count++;
        }
        return "" + count;
    }));
    app.get("/disk-usage", request -> {
        Process du = new ProcessBuilder("du", "-s", ".").start();
        request.onClose(du::destroy);
        return du.waitFor() == 0 ? new String(du.getInputStream().readAllBytes()) : 500;
    });

    int port = args.length > 0 ? Integer.parseInt(args[0]) : 5000;
    app.run(new ServerOptions().port(port).accessLog(AccessLog.standard()));
}

boolean isPrime(int n) {
    for (int i = 2; i * i <= n; i++) {
        if (n % i == 0) return false;
    }
    return true;
}
