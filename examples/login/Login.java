// A login with a cookie, and a stream for those who are logged in. It ends when the session does.
//
//   ./microdot run examples/login/Login.java [PORT [MINUTES]]
//   open http://localhost:5000/ and log in as ann with the password sesame

import static microdot.sse.Sse.sseResponse;

import java.security.SecureRandom;
import microdot.Cookie;
import microdot.Microdot;
import microdot.Request;
import microdot.Response;

record Session(String user, Instant expires) {}

final Map<String, Session> sessions = new ConcurrentHashMap<>();

void main(String[] args) {
    var app = new Microdot();
    var lifetime = Duration.ofMinutes(args.length > 1 ? Integer.parseInt(args[1]) : 30);

    app.beforeRequest(request -> {
        Session session = sessions.get(request.cookies().getOrDefault("session", "none"));
        if (session != null && session.expires().isAfter(Instant.now())) request.g().put("session", session);
        return null;                                    // anything else would be the response
    });

    app.post("/login", request -> {
        if (!isRight(request.form("user"), request.form("password"))) return 401;
        String key = newKey();
        sessions.put(key, new Session(request.form("user"), Instant.now().plus(lifetime)));
        return Response.redirect("/", 303).cookie(Cookie.of("session", key).maxAge(lifetime));
    });

    app.get("/events", request -> {
        Session session = (Session) request.g().get("session");
        if (session == null) return 401;                // EventSource stops, and the page shows the login
        return sseResponse(request, (req, sse) -> {
            sse.closeAt(session.expires());
            for (int count = 1; ; count++) {
                sse.send(session.user() + " " + count);
                Thread.sleep(1000);
            }
        });
    });

    app.get("/", request -> Response.html(request.g().containsKey("session") ? PAGE : LOGIN));
    app.run(args.length > 0 ? Integer.parseInt(args[0]) : 5000);
}

/** A stand-in: compare with a slow hash of the password, from your own users. */
boolean isRight(String user, String password) {
    return "ann".equals(user) && "sesame".equals(password);
}

String newKey() {
    byte[] bytes = new byte[24];
    new SecureRandom().nextBytes(bytes);
    return Base64.getUrlEncoder().encodeToString(bytes);
}

final String LOGIN = """
    <!doctype html>
    <meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
    <title>Login</title>
    <form method="post" action="/login">
      <input name="user" placeholder="user"> <input name="password" type="password"> <button>Log in</button>
    </form>
    """;

final String PAGE = """
    <!doctype html>
    <meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
    <title>Events</title>
    <p>connecting</p>
    <script>
      const events = new EventSource('/events');
      events.onmessage = e => document.querySelector('p').textContent = e.data;
      events.onerror = () => {
        if (events.readyState === EventSource.CLOSED) location.reload();     // 401: the session is over
      };
    </script>
    """;
