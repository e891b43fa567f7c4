// The smallest application.
//
//   ./microdot run examples/hello/Hello.java [PORT]
//   curl http://localhost:5000/

import microdot.Microdot;

void main(String[] args) {
    var app = new Microdot();

    app.get("/", request -> "Hello, world!");
    app.get("/{name}", request -> "Hello, " + request.param("name") + "!");

    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}
