// The code of docs/guide/tls.md: TlsGuide.java HTTPS-PORT FOLDER HTTP-PORT.

import java.nio.file.Path;
import microdot.Microdot;
import microdot.ServerOptions;
import microdot.Tls;

void main(String[] args) {
    int https = args.length > 0 ? Integer.parseInt(args[0]) : 443;
    Path folder = Path.of(args.length > 1 ? args[1] : "/etc/sensors");
    int http = args.length > 2 ? Integer.parseInt(args[2]) : 80;
    var app = new Microdot();
    app.get("/", request -> request.scheme());

    var options = new ServerOptions()
            .port(https)                    // 443
            .redirectHttp(http)             // 80
            .tls(Tls.pem(folder.resolve("fullchain.pem"), folder.resolve("privkey.pem")))
            .hosts("app.example");
    app.run(options);
}
