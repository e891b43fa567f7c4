// The code of docs/guide/routes.md.

import static microdot.Microdot.maxBody;

import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import microdot.Cors;
import microdot.Csrf;
import microdot.Microdot;
import microdot.Part;
import microdot.Response;

record User(int id, String name) {}

final Map<Integer, User> users = new ConcurrentHashMap<>();

void main(String[] args) throws IOException {
    var app = new Microdot();
    var adminApp = new Microdot();
    Path folder = Files.createTempDirectory("static");
    Files.writeString(folder.resolve("page.css"), "body { margin: 0 }");

    app.get("/users/{id:int}", request -> {
        User user = users.get(request.intParam("id"));
        return user == null ? 404 : user;
    });
    app.post("/users", request -> {
        User user = request.json(User.class);
        users.put(user.id(), user);
        return 201;
    });
    app.route("/thing", request -> request.method() + " it is", "GET", "POST");
    app.get("/static/{file:path}", request -> Response.file(folder, request.param("file")));
    app.mount("/admin", adminApp);
    app.errorHandler(404, request -> Response.html("<h1>Not here</h1>"));
    app.errorHandler(SQLException.class, (request, error) -> Map.of("error", "try again later"));

    app.beforeRequest(request -> {
        request.g().put("started", System.nanoTime());
        return null;
    });
    app.afterRequest((request, response) -> {
        response.header("X-Frame-Options", "DENY");
    });
    app.afterResponse((request, outcome) -> {
        if (outcome.status() >= 500) System.err.println(request.path() + ": " + outcome.error());
    });

    app.cors(new Cors().origins("https://app.example", "http://localhost:3000"));
    app.beforeRequest(new Csrf("https://app.example", "http://localhost:3000"));

    Path photos = Files.createTempDirectory("photos");
    Path backup = folder.resolve("backup");

    app.post("/photos", maxBody(20 << 20, request -> {
        for (Part part : request.parts()) {
            if (part.fileName() != null) {
                part.saveTo(photos.resolve(part.fileName()));
            } else if (part.name().equals("title")) {
                System.out.println("title: " + part.text());
            }
        }
        return Response.redirect("/", 303);
    }));
    app.put("/backup", maxBody(10L << 30, request -> {
        try (InputStream in = request.stream()) {
            Files.copy(in, backup, StandardCopyOption.REPLACE_EXISTING);
        }
        return 204;
    }));

    app.get("/export", request -> Response.stream(out -> {
        try (var csv = new OutputStreamWriter(out)) {
            for (User user : users.values()) {
                csv.write(user.id() + "," + user.name() + "\n");
            }
        }
    }).header("Content-Type", "text/csv"));

    app.get("/photos/{name}", request -> Response.file(photos, request.param("name")));
    app.get("/broken", request -> {
        throw new SQLException("no connection");
    });
    adminApp.get("/", request -> "admin");
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}
